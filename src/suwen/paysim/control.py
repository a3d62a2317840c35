"""The levers of the simulator: JSON under /_sim/, for tests and for whoever shows the demo."""

import json
from datetime import datetime
from typing import Any

from suwen.paysim.card import Card
from suwen.paysim.faults import Faults
from suwen.paysim.http import Request, Response, json_response
from suwen.paysim.market import Market, Refusal
from suwen.paysim.reports import Reports
from suwen.paysim.store import Doc, Store
from suwen.paysim.wechat import WeChat

SETTINGS = {
    "deliver", "patience", "code_url", "wechat_signer", "wechat_active", "wechat_certificates", "refund_seconds",
    "refund_outcome", "poor", "bill_hash_mismatch", "bill_late", "search_delay", "card_url",
    "card_settles",
}  # fmt: skip

KINDS = ("payment", "refund", "report", "fault", "setting")


class Control:
    """pay {gateway, out_trade_no, outcome} · clock {at | advance | run} · faults {gateway, what, ...} · deliver ·
    settings {name: value} · bill {gateway, missing, extra, amount, status, duplicate} · refund {gateway, refund_no,
        outcome} ·
    jsapi {the parameters a script got} · reset. GET state, log, reports.
    """

    def __init__(
        self, store: Store, market: Market, faults: Faults, reports: Reports, wechat: WeChat, card: Card
    ) -> None:
        self.store, self.market, self.faults, self.reports = store, market, faults, reports
        self.wechat, self.card = wechat, card
        self.log: list[Doc] = []

    def handle(self, request: Request) -> Response:
        verb = request.path.removeprefix("/_sim/")
        if request.method == "GET":
            shown: dict[str, Any] = {
                "state": lambda: {kind: self.store.all(kind) for kind in KINDS},
                "log": lambda: self.log, "reports": lambda: self.store.all("report"),
                "clock": lambda: {"now": self.store.now()},
            }  # fmt: skip
            return json_response(shown[verb]()) if verb in shown else json_response({"error": "no such lever"}, 404)
        if not request.header("Content-Type").startswith("application/json"):
            return json_response({"error": "JSON is wanted, which no page of another site can send unasked"}, 415)
        try:
            body = json.loads(request.body or b"{}")
            work = {
                "pay": self._pay, "clock": self._clock, "faults": self._fault, "deliver": self._deliver,
                "settings": self._set,
                "bill": self._bill, "refund": self._refund, "jsapi": self._jsapi, "reset": self._reset,
            }[verb]  # fmt: skip
            return json_response(work(body))
        except KeyError as error:
            return json_response({"error": f"missing or unknown: {error}"}, 400)
        except (ValueError, Refusal) as error:
            return json_response({"error": str(error)}, 409 if isinstance(error, Refusal) else 400)

    def _pay(self, body: Doc) -> Any:
        gateway, number = body.get("gateway"), body["out_trade_no"]
        for name in [gateway] if gateway else ["wechat", "alipay", "card"]:
            found = self.market.payment(name, number)
            if found:
                return self.market.pay(found, body["outcome"])
        raise Refusal("there is no such payment")

    def _clock(self, body: Doc) -> Any:
        at = body.get("at")
        seconds = datetime.fromisoformat(at).timestamp() if isinstance(at, str) else at
        now = self.store.move_clock(at=seconds, advance=float(body.get("advance", 0)), run=bool(body.get("run")))
        self.market.tick()
        return {"now": now}

    def _fault(self, body: Doc) -> Any:
        return [self.faults.arm(one) for one in body] if isinstance(body, list) else self.faults.arm(body)

    def _deliver(self, _body: Doc) -> Any:
        self.market.tick()
        return self.reports.send()

    def _set(self, body: Doc) -> Any:
        if unknown := set(body) - SETTINGS:
            raise ValueError(f"there is no such setting: {', '.join(sorted(unknown))}")
        for name, value in body.items():
            self.store.set(name, value)
        return body

    def _bill(self, body: Doc) -> Any:
        self.store.set(f"bill:{body['gateway']}", body)
        return body

    def _refund(self, body: Doc) -> Any:
        found = self.store.get("refund", f"{body['gateway']}:{body['refund_no']}")
        if not found or found["state"] not in ("processing", "abnormal"):  # a person may set an abnormal one right
            raise Refusal("there is no such refund waiting")
        return self.market.finish(found, body["outcome"])

    def _jsapi(self, body: Doc) -> Any:
        """What the WeChat client does with a script's or an app's parameters: pay, or refuse a wrong paySign."""
        given = {str(name): str(value) for name, value in body.items()}
        payment = self.wechat.pay_sign_holds(given)
        if not payment:
            raise Refusal("paySign")
        return self.market.pay(payment, given.get("outcome", "paid"))

    def _reset(self, body: Doc) -> Any:
        """Forget everything but the keys."""
        with self.reports.sending:
            self.store.clear()
            self.log.clear()
        return {}
