"""Cards through the Stripe API: intents for a form of our own, hosted pages for a redirect, refunds, bookings."""

import json
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from suwen.payments.gateways import keys
from suwen.payments.gateways.amounts import CHINA
from suwen.payments.gateways.card import bills, messages, notices
from suwen.payments.gateways.card.signing import Credentials
from suwen.payments.gateways.errors import BadMessage, Busy, GatewayError, Refused, Unauthentic, Unknown
from suwen.payments.gateways.terms import Answer, Attempt, Headers, Line, Notice, Offer, RefundAnswer, RefundOrder
from suwen.payments.gateways.wire import Reply, Surroundings, Wire

BASE = "https://api.stripe.com"
VERSION = "2025-03-31.basil"
INTENTS, SESSIONS, REFUNDS = "/v1/payment_intents", "/v1/checkout/sessions", "/v1/refunds"
LOST = {"resource_missing"}
NOT_NOW = {"payment_intent_unexpected_state", "checkout_session_not_open", "checkout_session_already_expired"}
EXPANDED = {"expand[]": "latest_charge"}
SESSION_EXPANDED = {"expand[]": "payment_intent.latest_charge"}
MOST_PAGES = 1000


class Card:
    name = "card"
    scenes = frozenset({"client", "page", "phone"})

    def __init__(self, creds: Credentials, around: Surroundings, base: str = BASE) -> None:
        if not creds.webhook_secrets or not all(creds.webhook_secrets):
            raise keys.BadKey("without the endpoint's secret no event can be believed")
        self.creds, self.around = creds, around
        self.wire = Wire(self.name, (base,), around)

    def create(self, attempt: Attempt) -> Offer:
        """The attempt's number is the idempotency key: asked again, the same payment is offered, also after Unknown."""
        if attempt.scene not in self.scenes:
            raise ValueError(f"cards have no way of paying for {attempt.scene}")
        if attempt.scene != "client":
            found = self._ask("POST", SESSIONS, messages.session(attempt), once=attempt.out_no, about=attempt.out_no)
            return Offer("redirect", url=_given(found, "url"), external_id=_given(found, "id"))
        found = self._ask("POST", INTENTS, messages.intent(attempt), once=attempt.out_no, about=attempt.out_no)
        parameters = {
            "client_secret": _given(found, "client_secret"), "publishable_key": self.creds.publishable_key,
            "payment_intent": _given(found, "id"),
        }  # fmt: skip
        return Offer("client", parameters=parameters, external_id=parameters["payment_intent"])

    def query(self, out_no: str, external_id: str = "") -> Answer:
        """Without `external_id` it is searched for, which finds what is a minute old: absent is no proof."""
        try:
            if external_id.startswith("cs_"):
                found = self._get(f"{SESSIONS}/{quote(external_id)}", SESSION_EXPANDED, out_no)
                answer = self._understood(messages.session_answer, found)
            elif external_id:
                found = self._get(f"{INTENTS}/{quote(external_id)}", EXPANDED, out_no)
                answer = self._understood(messages.answer, found)
            else:
                answer = self._searched(out_no)
        except Refused as error:
            if error.code in LOST:
                return Answer("absent", out_no, detail=error.code)
            raise
        if answer.out_no != out_no:
            raise Unauthentic("the answer is about another payment")
        return answer

    def confirm(self, intent: str, payment_method: str, return_url: str, once: str) -> dict[str, str]:
        """Confirm with a payment method the payer's browser made. Return status, and where to go for 3-D Secure."""
        body = {"payment_method": payment_method, "return_url": return_url}
        found = self._ask("POST", f"{INTENTS}/{quote(intent)}/confirm", body, once=once)
        action = found.get("next_action") or {}
        url = (action.get("redirect_to_url") or {}).get("url", "") if isinstance(action, dict) else ""
        return {"status": _given(found, "status"), "url": str(url)}

    def close(self, out_no: str, external_id: str = "") -> Answer:
        """A payment whose number is not known is looked for first."""
        known = self.query(out_no, external_id)
        if known.state != "pending":
            return known
        id = external_id if external_id.startswith("cs_") else known.external_id
        verb = f"{SESSIONS}/{quote(id)}/expire" if id.startswith("cs_") else f"{INTENTS}/{quote(id)}/cancel"
        try:
            self._ask("POST", verb, {}, once=f"{out_no}-close", about=out_no)
        except Refused as error:
            if error.code not in NOT_NOW:
                raise
        return self.query(out_no, id)

    def refund(self, order: RefundOrder) -> RefundAnswer:
        """`external_id` of the payment is needed: that of the payment intent.

        A key is answered alike for a day, a no too. After a no, and only then, the next request has another key: the
        first has done nothing. After silence it has the same.
        """
        number = order.out_refund_no
        once = f"{number}-{order.refusals}" if order.refusals else number
        return self._refund(order, self._ask("POST", REFUNDS, messages.refund(order), once=once, about=number))

    def query_refund(self, order: RefundOrder) -> RefundAnswer:
        try:
            if order.external_refund_id:
                found = self._get(f"{REFUNDS}/{quote(order.external_refund_id)}", {}, order.out_refund_no)
                return self._refund(order, found)
            known = self._pages(REFUNDS, {"payment_intent": order.external_id}, order.out_refund_no)
        except Refused as error:
            if error.code not in LOST or order.external_refund_id:
                raise Unknown(f"the card gateway does not say what became of the refund: {error}") from None
            known = []
        for one in known:
            answer: RefundAnswer = self._understood(messages.refund_answer, one)
            if answer.out_refund_no == order.out_refund_no:
                return answer
        return RefundAnswer("absent", order.out_refund_no, out_no=order.out_no)

    def bill(self, day: date) -> list[Line]:
        begin = datetime(day.year, day.month, day.day, tzinfo=CHINA)
        within = {
            "created[gte]": str(int(begin.timestamp())),
            "created[lt]": str(int((begin + timedelta(days=1)).timestamp())),
            "expand[]": "data.source",
        }
        lines = (self._understood(bills.line, found) for found in self._pages("/v1/balance_transactions", within))
        return [line for line in lines if line is not None]

    def event(self, id: str) -> dict[str, Any]:
        """An event as the gateway has it, for whoever doubts a report."""
        return self._get(f"/v1/events/{quote(id)}", {})

    def read_notification(self, headers: Headers, raw_body: bytes) -> Notice:
        return notices.read(self.creds, headers, raw_body, self.around.clock(), self.around.pepper)

    def acknowledge(self, ok: bool) -> tuple[int, bytes]:
        return (200, b"") if ok else (400, b"")

    def _refund(self, order: RefundOrder, found: dict[str, Any]) -> RefundAnswer:
        answer: RefundAnswer = self._understood(messages.refund_answer, found)
        if answer.out_refund_no != order.out_refund_no:
            raise Unauthentic("the answer is about another refund")
        return answer

    def _searched(self, out_no: str) -> Answer:
        asked = {"query": f"metadata['out_no']:'{out_no}'", "expand[]": "data.latest_charge"}
        found = self._get(f"{INTENTS}/search", asked, out_no).get("data") or []
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise Unknown("a list of another shape")
        answers: list[Answer] = [self._understood(messages.answer, one) for one in found]
        # of several, the one that moved money counts
        answers.sort(key=lambda one: one.state not in ("paid", "refunded"))
        return answers[0] if answers else Answer("absent", out_no)

    def _pages(self, path: str, asked: dict[str, str], about: str = "") -> list[dict[str, Any]]:
        rows, last = list[dict[str, Any]](), ""
        for _ in range(MOST_PAGES):
            found = self._get(path, asked | {"limit": "100"} | ({"starting_after": last} if last else {}), about)
            page = found.get("data")
            if not isinstance(page, list) or not all(isinstance(one, dict) for one in page):
                raise Unknown("a list of another shape")
            rows += page
            if not found.get("has_more") or not page:
                return rows
            last = _given(page[-1], "id")
        raise Unknown("a list without end")

    def _get(self, path: str, asked: dict[str, str], about: str = "") -> dict[str, Any]:
        return self._ask("GET", f"{path}?{urlencode(asked)}" if asked else path, None, about=about)

    def _ask(
        self, method: str, target: str, body: dict[str, Any] | None, once: str = "", *, about: str = ""
    ) -> dict[str, Any]:
        content = messages.form(body) if body else b""
        headers = {
            "Authorization": f"Bearer {self.creds.secret_key}", "Stripe-Version": VERSION, "User-Agent": "suwen"
        }  # fmt: skip
        if method == "POST":
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Idempotency-Key": once}
        try:
            reply = self.wire.send(method, target, headers, content)
            found = _object(reply)
        except GatewayError as error:
            self.wire.record(method, target, body or {}, {"error": str(error)}, 0, about)
            raise
        self.wire.record(method, target, body or {}, found, reply.status, about)
        if reply.status >= 300:
            raise _failure(reply.status, found)
        return found

    def _understood(self, read: Any, found: Any) -> Any:
        try:
            return read(found)
        except BadMessage as error:
            raise Unknown(f"an answer that cannot be read: {error}") from None


def _object(reply: Reply) -> dict[str, Any]:
    try:
        found = json.loads(reply.body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Unknown(f"the card gateway answers {reply.status} with something else")
    return found


def _failure(status: int, found: dict[str, Any]) -> GatewayError:
    inner = found.get("error")
    error = inner if isinstance(inner, dict) else {}
    code = str(error.get("code") or error.get("decline_code") or error.get("type") or status)
    # 409: the same key is being worked on at this moment
    if status >= 500 or status == 409:
        return Unknown(f"card gateway: {code}")
    if code in ("rate_limit", "lock_timeout"):
        return Busy(f"card gateway: {code}")
    return Refused(code, str(error.get("message", "")), status)


def _given(found: dict[str, Any], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str) or not value:
        raise Unknown(f"the card gateway's answer has no {name}")
    return value
