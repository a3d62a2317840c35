"""Reports to the merchant: written down, sent, sent again on the gateway's own schedule until they are acknowledged."""

import http.client
import json
import threading
from typing import Any
from urllib.parse import urlsplit

from suwen.paysim.alipay import Alipay
from suwen.paysim.card import Card
from suwen.paysim.faults import Faults
from suwen.paysim.spoiling import alipay_report, card_report, wechat_report
from suwen.paysim.store import Doc, Store
from suwen.paysim.wechat import WeChat

MINUTE, HOUR = 60, 3600
SCHEDULES = {
    "wechat": [15, 15, 30, 3 * MINUTE, 10 * MINUTE, 20 * MINUTE, *[30 * MINUTE] * 3, HOUR, *[3 * HOUR] * 3, 6 * HOUR,
        6 * HOUR],
    "alipay": [4 * MINUTE, 10 * MINUTE, 10 * MINUTE, HOUR, 2 * HOUR, 6 * HOUR, 15 * HOUR],
    "card": [MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, *[12 * HOUR] * 4],
}  # fmt: skip
KINDS = {"wechat": {"paid", "refunded"}, "alipay": {"paid", "refunded", "closed"},
         "card": {"paid", "refunded", "closed", "failed", "paying"}}  # fmt: skip


class Reports:
    """`send` is one pass over what is due; the thread of the server does it again and again."""

    def __init__(self, store: Store, faults: Faults) -> None:
        self.store, self.faults = store, faults
        self.sending = threading.Lock()
        self.wechat: WeChat
        self.alipay: Alipay
        self.card: Card

    def tell(self, kind: str, payment: Doc, refund: Doc | None) -> None:
        """Something happened: write the report down, with what was so at this moment."""
        gateway = payment["gateway"]
        url = (refund or {}).get("notify_url") or payment.get("notify_url") or self.store.setting(f"{gateway}_url", "")
        if kind not in KINDS[gateway] or not url:
            return
        if gateway == "wechat" and refund and not refund.get("notify_url"):
            return  # WeChat Pay reports a refund only where the refund asked for it
        fault = self.faults.of_report(gateway, kind, planned=True)
        copies = int(fault.get("times_each", 2)) if fault and fault["what"] == "duplicate" else 1
        id = f"{gateway[0].upper()}EV{self.store.next():010d}"
        event = self._event(gateway, kind, payment, refund, id)
        for copy in range(copies):
            report = {
                "id": f"{id}-{copy}", "gateway": gateway, "kind": kind, "url": url, "out_no": payment["out_no"],
                "event": event,
                "state": "waiting", "sent": 0, "due": self.store.now(), "answers": [],
            }  # fmt: skip
            if fault:
                report |= {
                    "drop": {"state": "dropped"}, "delay": {"due": report["due"] + float(fault.get("seconds", 60))},
                    "reorder": {"state": "held"},
                }.get(fault["what"], {})  # fmt: skip
            self.store.put("report", report["id"], report)

    def _event(self, gateway: str, kind: str, payment: Doc, refund: Doc | None, id: str) -> Doc:
        if gateway == "card":
            return self.card.event(kind, payment, refund, f"evt_sim{id}")
        if gateway == "alipay":
            return self.alipay.notice(kind, payment, refund, id.lower())
        if not refund:
            return {"id": id, "event_type": "TRANSACTION.SUCCESS", "type": "transaction", "summary": "支付成功",
                    "resource": self.wechat.payment_body(payment)}  # fmt: skip
        body = self.wechat.refund_body(refund)
        names = ("out_trade_no", "transaction_id", "out_refund_no", "refund_id", "user_received_account")
        resource = {name: body[name] for name in names} | {
            "mchid": self.wechat.keys.mchid,
            "refund_status": body["status"],
        }
        resource["amount"] = {name: body["amount"][name] for name in ("total", "refund", "payer_total", "payer_refund")}
        if "success_time" in body:
            resource["success_time"] = body["success_time"]
        return {
            "id": id,
            "event_type": f"REFUND.{body['status']}",
            "type": "refund",
            "summary": "退款通知",
            "resource": resource,
        }

    def send(self) -> list[Doc]:
        """Send whatever is due now; return the reports with what was answered."""
        done = []
        with self.sending:
            while due := self._due():
                done.append(self._deliver(due))
        return done

    def _due(self) -> Doc | None:
        for report in self.store.all("report"):
            if report["state"] == "waiting" and report["due"] <= self.store.now():
                return report
        return None

    def _deliver(self, report: Doc) -> Doc:
        fault = self.faults.of_report(report["gateway"], report["kind"], planned=False)
        headers, body = self.written(report, fault)
        status, answer = post(report["url"], headers, body, float(self.store.setting("patience", 5)))
        good = self._acknowledged(report["gateway"], status, answer)
        report["sent"] += 1
        fault_name = fault["what"] if fault else ""
        report["answers"].append({"at": self.store.now(), "status": status, "body": answer[:200], "fault": fault_name})
        schedule = SCHEDULES[report["gateway"]]
        if good:
            report["state"] = "acknowledged"
        elif report["sent"] > len(schedule):
            report["state"] = "given up"
        else:
            report["due"] = self.store.now() + schedule[report["sent"] - 1]
        self.store.put("report", report["id"], report)
        self._release(report)
        return report

    def written(self, report: Doc, fault: Doc | None) -> tuple[dict[str, str], bytes]:
        """The headers and the bytes of a delivery, with the fault in them."""
        spoil: Any = {"wechat": wechat_report, "alipay": alipay_report, "card": card_report}[report["gateway"]]
        speaker: Any = {"wechat": self.wechat, "alipay": self.alipay, "card": self.card}[report["gateway"]]
        headers, body = spoil(speaker, json.loads(json.dumps(report["event"])), fault or {"what": ""})
        return headers, body

    def _acknowledged(self, gateway: str, status: int, answer: str) -> bool:
        if gateway == "alipay":
            return status == 200 and answer == "success"
        return status in (200, 204) if gateway == "wechat" else 200 <= status < 300

    def _release(self, report: Doc) -> None:
        """A payment that was held goes out behind the refund that overtook it."""
        if report["kind"] != "refunded":
            return
        for held in self.store.all("report"):
            if held["state"] == "held" and (held["gateway"], held["out_no"]) == (report["gateway"], report["out_no"]):
                self.store.put("report", held["id"], held | {"state": "waiting", "due": self.store.now()})


def post(url: str, headers: dict[str, str], body: bytes, patience: float) -> tuple[int, str]:
    """(status, body) of the merchant's answer; status 0 if there was none in time."""
    address = urlsplit(url)
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    connection = kind(address.hostname or "", address.port, timeout=patience)
    try:
        connection.request("POST", address.path or "/", body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read(4096).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return 0, type(error).__name__
    finally:
        connection.close()
