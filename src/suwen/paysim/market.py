"""Payments and refunds as any gateway knows them. The protocols put them into their own words.

A payment: gateway, out_no, amount, currency, state (open, paying, failed, paid, closed), created, expires, paid_at,
external_id, token (of the page it is paid on), scene, app_id, notify_url, return_url, payer, description, refunded.
A refund: gateway, refund_no, external_id, out_no, amount, state (processing, success, abnormal, closed), created,
done_at.
"""

from typing import Any

from suwen.paysim.store import Doc, Store

FEES = {"wechat": (6, 0), "alipay": (6, 0), "card": (29, 30)}  # per mille, and minor units more


class Refusal(Exception):
    """`reason` is a word of ours; each protocol has its own for it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Market:
    """`tell(kind, payment, refund)` is called for everything a gateway reports."""

    def __init__(self, store: Store, tell: Any) -> None:
        self.store, self.tell = store, tell

    def payment(self, gateway: str, out_no: str) -> Doc | None:
        found = self.store.get("payment", f"{gateway}:{out_no}")
        return self._aged(found) if found else None

    def by(self, gateway: str, **wanted: Any) -> Doc | None:
        """The payment that has all of these values."""
        for found in self.store.all("payment"):
            if found["gateway"] == gateway and all(found.get(name) == value for name, value in wanted.items()):
                return self._aged(found)
        return None

    def open(self, gateway: str, out_no: str, amount: int, expires: float, **more: Any) -> Doc:
        number = self.store.next()
        now = self.store.now()
        made = {
            "gateway": gateway, "out_no": out_no, "amount": amount, "currency": "CNY", "state": "open", "created": now,
            "expires": expires, "paid_at": None, "external_id": f"42000{int(now)}{number:09d}",
            "token": f"{gateway[0]}{int(now):x}{number:x}", "payer": f"oSim{number:024d}", "refunded": 0,
        } | more  # fmt: skip
        return self.save(made)

    def save(self, payment: Doc) -> Doc:
        return self.store.put("payment", f"{payment['gateway']}:{payment['out_no']}", payment)

    def pay(self, payment: Doc, outcome: str) -> Doc:
        """What the person in front of the page does, or what befalls them. Refusal if it can no longer be done."""
        payment = self._aged(payment)
        if payment["state"] in ("paid", "closed"):
            raise Refusal(payment["state"])
        if outcome == "paid":
            payment |= {"state": "paid", "paid_at": self.store.now()}
        elif outcome == "expired":
            payment |= {"state": "closed"}
        elif outcome in ("paying", "user_cancel", "bank_error"):
            payment["state"] = {"paying": "paying", "user_cancel": "open", "bank_error": "failed"}[outcome]
        else:
            raise Refusal("unknown outcome")
        self.save(payment)
        told = {"paid": "paid", "expired": "closed", "bank_error": "failed", "paying": "paying"}
        if outcome in told:
            self.tell(told[outcome], payment, None)
        return payment

    def close(self, payment: Doc) -> Doc:
        if payment["state"] == "paid":
            raise Refusal("paid")
        payment["state"] = "closed"
        return self.save(payment)

    def refund_of(self, gateway: str, refund_no: str) -> Doc | None:
        found = self.store.get("refund", f"{gateway}:{refund_no}")
        return self._settled(found) if found else None

    def refunds(self, payment: Doc) -> list[Doc]:
        mine = (payment["gateway"], payment["out_no"])
        return [self._settled(one) for one in self.store.all("refund") if (one["gateway"], one["out_no"]) == mine]

    def refund(self, payment: Doc, refund_no: str, amount: int, **more: Any) -> tuple[Doc, bool]:
        """(the refund, whether it is new). The same number is the same refund; a Refusal if the sum is another."""
        gateway = payment["gateway"]
        known = self.refund_of(gateway, refund_no)
        if known:
            if (known["out_no"], known["amount"]) != (payment["out_no"], amount):
                raise Refusal("refund differs")
            return known, False
        if payment["state"] != "paid":
            raise Refusal("not paid")
        if payment["refunded"] + amount > payment["amount"]:
            raise Refusal("too much")
        if self.store.setting("poor", False):
            raise Refusal("not enough")
        now = self.store.now()
        made = {
            "gateway": gateway, "refund_no": refund_no, "external_id": f"50300{int(now)}{self.store.next():09d}",
            "out_no": payment["out_no"], "amount": amount, "state": "processing", "created": now, "done_at": None,
            "due": now + float(self.store.setting("refund_seconds", 0)),
            "outcome": self.store.setting("refund_outcome", "success"),
        } | more  # fmt: skip
        payment["refunded"] += amount
        self.save(payment)
        return self.store.put("refund", f"{gateway}:{refund_no}", made), True

    def of_refund(self, refund: Doc) -> Doc:
        """The payment that a refund is of."""
        found = self.store.get("payment", f"{refund['gateway']}:{refund['out_no']}")
        assert found is not None
        return found

    def tick(self) -> None:
        """What happens by time alone."""
        with self.store.lock:
            for payment in self.store.all("payment"):
                self._aged(payment)
            for refund in self.store.all("refund"):
                self._settled(refund)

    def finish(self, refund: Doc, outcome: str) -> Doc:
        """success, abnormal or closed; what is not paid back after all can be paid back again."""
        refund |= {"state": outcome, "done_at": self.store.now()}
        self.store.put("refund", f"{refund['gateway']}:{refund['refund_no']}", refund)
        payment = self.of_refund(refund)
        if outcome == "closed":
            payment["refunded"] -= refund["amount"]
            self.save(payment)
        self.tell("refunded", payment, refund)
        return refund

    def _aged(self, payment: Doc) -> Doc:
        if payment["state"] in ("open", "paying", "failed") and payment["expires"] <= self.store.now():
            payment["state"] = "closed"
            self.save(payment)
            self.tell("closed", payment, None)
        return payment

    def _settled(self, refund: Doc) -> Doc:
        if refund["state"] == "processing" and refund["due"] <= self.store.now():
            return self.finish(refund, refund["outcome"])
        return refund


def fee(gateway: str, amount: int) -> int:
    """Rounded half up, as both Chinese gateways do."""
    mille, more = FEES[gateway]
    return (amount * mille + 500) // 1000 + more
