"""Alipay: one method per question, each answer verified on its exact text before it is read."""

import json
from datetime import date
from typing import Any
from urllib.parse import urlencode, urlsplit

from suwen.payments.gateways import keys
from suwen.payments.gateways.alipay import bills, messages, notices, signing
from suwen.payments.gateways.alipay.signing import Credentials, Trusted
from suwen.payments.gateways.amounts import china_time
from suwen.payments.gateways.errors import (
    BadMessage,
    GatewayError,
    NoBill,
    NotReady,
    Refused,
    Unauthentic,
    Unknown,
    Unreadable,
)
from suwen.payments.gateways.terms import Answer, Attempt, Headers, Line, Notice, Offer, RefundAnswer, RefundOrder
from suwen.payments.gateways.wire import LARGEST_FILE, Reply, Surroundings, Wire

BASE = "https://openapi.alipay.com"
GATEWAY = "/gateway.do"
BILL_HOSTS = ("alipay.com", "alipayobjects.com", "alipaydev.com", "aliyuncs.com")
NO_SUCH_TRADE = "ACQ.TRADE_NOT_EXIST"
NOT_TO_BE_CLOSED = {"ACQ.TRADE_STATUS_ERROR", "ACQ.REASON_TRADE_STATUS_INVALID", "ACQ.REASON_ILLEGAL_STATUS"}
ALREADY_CLOSED = {"ACQ.TRADE_HAS_CLOSE"}
NO_BILL = {"isp.bill_not_exist", "isv.bill_not_exist", "BILL_NOT_EXIST"}
REFUND_UNKNOWN = {"ACQ.REFUND_CHARGE_ERROR"}


class Alipay:
    """`base` is the gateway's address without /gateway.do."""

    name = "alipay"
    scenes = frozenset({"qr", "page", "phone", "app"})

    def __init__(self, creds: Credentials, around: Surroundings, base: str = BASE) -> None:
        self.creds, self.around, self.base = creds, around, base.rstrip("/")
        self.key = keys.private_key(creds.private_key)
        self.trusted = Trusted(creds.alipay_keys)
        self.wire = Wire(self.name, (base,), around)
        self._certificates: dict[str, str] = {}
        if creds.app_certificate:
            self._certificates = {
                "app_cert_sn": signing.serial(keys.certificate(creds.app_certificate)),
                "alipay_root_cert_sn": signing.root_serial(creds.root_certificates),
            }

    def create(self, attempt: Attempt) -> Offer:
        """page, phone and app are only signed here: Alipay hears of the payment when the payer comes."""
        if attempt.scene not in self.scenes:
            raise ValueError(f"Alipay has no way of paying for {attempt.scene}")
        method, _ = messages.METHODS[attempt.scene]
        body = messages.order(attempt)
        if attempt.scene == "qr":
            found = self._ask(method, body, about=attempt.out_no, notify_url=attempt.notify_url)
            return Offer("qr", text=self._text(found, "qr_code"))
        asked = self._signed(method, body, notify_url=attempt.notify_url, return_url=attempt.return_url)
        self.wire.record("SIGN", method, body, {}, 0, attempt.out_no)  # nothing is asked: the payer's browser will
        if attempt.scene == "app":
            return Offer("client", parameters={"orderString": urlencode(asked)})
        return Offer("redirect", url=f"{self.base}{GATEWAY}?{urlencode(asked)}")

    def query(self, out_no: str, external_id: str = "") -> Answer:
        try:
            found = self._ask("alipay.trade.query", messages.trade(out_no, external_id), about=out_no)
        except Refused as error:
            if error.code == NO_SUCH_TRADE:
                return Answer("absent", out_no, detail=error.code)
            raise
        answer = self._understood(messages.answer, found)
        if answer.out_no != out_no:
            raise Unauthentic("the answer is about another payment")
        return answer

    def close(self, out_no: str, external_id: str = "") -> Answer:
        """A trade nobody has opened yet is absent and cannot be closed: its time_expire keeps it from being paid."""
        try:
            self._ask("alipay.trade.close", messages.trade(out_no, external_id), about=out_no)
        except Refused as error:
            if error.code == NO_SUCH_TRADE:
                return Answer("absent", out_no, detail=error.code)
            if error.code in NOT_TO_BE_CLOSED or error.code in ALREADY_CLOSED:
                return self.query(out_no, external_id)
            raise
        return Answer("closed", out_no, external_id=external_id, detail="TRADE_CLOSED")

    def cancel(self, out_no: str) -> str:
        """Undo whatever became of it: close what is unpaid, pay back what was paid. Return what it did: close, refund
        or an empty word for nothing. Unknown while Alipay wants to be asked again.
        """
        found = self._ask("alipay.trade.cancel", {"out_trade_no": out_no}, about=out_no)
        if found.get("retry_flag") == "Y":
            raise Unknown("Alipay could not cancel it yet")
        return str(found.get("action", ""))

    def refund(self, order: RefundOrder) -> RefundAnswer:
        try:
            found = self._ask("alipay.trade.refund", messages.refund(order), about=order.out_refund_no)
        except Refused as error:
            if error.code in REFUND_UNKNOWN:
                raise Unknown(f"Alipay: {error.code}") from None
            raise
        if found.get("out_trade_no") != order.out_no:
            raise Unauthentic("the answer is about another payment")
        # fund_change N is said of a repeated request, and of one that moved nothing; its refund_fee is the sum of all
        # refunds of this payment: what became of this one is asked for
        return self.query_refund(order)

    def query_refund(self, order: RefundOrder) -> RefundAnswer:
        try:
            asked = messages.refund_query(order)
            found = self._ask("alipay.trade.fastpay.refund.query", asked, about=order.out_refund_no)
        except Refused as error:
            if error.code == NO_SUCH_TRADE:
                return RefundAnswer("absent", order.out_refund_no, out_no=order.out_no, detail=error.code)
            raise Unknown(f"Alipay does not say what became of the refund: {error}") from None
        if found.get("refund_status") and (found.get("out_trade_no"), found.get("out_request_no")) != (
            order.out_no, order.out_refund_no
        ):  # fmt: skip
            raise Unauthentic("the answer is about another refund")
        return self._understood(lambda answer: messages.refund_answer(order, answer), found)

    def bill(self, day: date) -> list[Line]:
        try:
            found = self._ask(
                "alipay.data.dataservice.bill.downloadurl.query",
                {"bill_type": "trade", "bill_date": day.isoformat()},
            )
        except Refused as error:
            if error.code in NO_BILL:
                raise NoBill(error.code, error.message) from None
            if "not_ready" in error.code or "creating" in error.code.lower():
                raise NotReady(error.code, error.message) from None
            raise
        return self._understood(bills.trades, self._download(self._text(found, "bill_download_url")))

    def read_notification(self, headers: Headers, raw_body: bytes) -> Notice:
        return notices.read(self.creds, self.trusted, headers, raw_body, self.around.clock(), self.around.pepper)

    def acknowledge(self, ok: bool) -> tuple[int, bytes]:
        return (200, b"success") if ok else (400, b"failure")

    def read_return(self, query: str) -> str:
        """The number of the attempt with which a browser comes back, if Alipay signed the address. It proves no
        payment: it is a reason to ask.
        """
        form = notices.fields(query.encode())
        notices.verify(self.trusted, form)
        if notices.foreign(self.creds, form):
            raise Unreadable("a return of somebody else's payment")
        return messages.text(form, "out_trade_no")

    def _ask(self, method: str, body: dict[str, Any], *, about: str = "", **extra: str) -> dict[str, Any]:
        """The verified answer of code 10000; errors otherwise."""
        asked = self._signed(method, body, **extra)
        content = urlencode({"biz_content": asked.pop("biz_content")}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded;charset=utf-8", "User-Agent": "suwen"}
        try:
            reply = self.wire.send("POST", f"{GATEWAY}?{urlencode(asked)}", headers, content)
            found = self._verified(method, reply)
        except GatewayError as error:
            self.wire.record("POST", method, body, {"error": str(error)}, 0, about)
            raise
        self.wire.record("POST", method, body, found, reply.status, about)
        if found.get("code") != "10000":
            raise messages.refusal(found)
        return found

    def _verified(self, method: str, reply: Reply) -> dict[str, Any]:
        """The inner object. Only `error_response` may be unsigned: it is said of requests that were not understood."""
        if reply.status != 200:
            raise Unknown(f"Alipay answers {reply.status}")
        name = method.replace(".", "_") + "_response"
        try:
            parts = signing.members(reply.body.decode("utf-8"))
            inner = parts.get(name) or parts["error_response"]
            sign, cert_sn = (json.loads(parts.get(key, '""')) for key in ("sign", "alipay_cert_sn"))
            if sign or name in parts:
                self.trusted.verify(inner.encode(), sign, cert_sn)
            found = json.loads(inner)
        except BadMessage as error:
            raise Unauthentic(f"an answer that is not Alipay's: {error}") from None
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise Unknown("Alipay answers with something else") from None
        if not isinstance(found, dict) or (name not in parts and found.get("code") == "10000"):
            raise Unauthentic("Alipay's answer is none")
        if not sign and str(found.get("sub_code", "")).startswith("ACQ."):
            # what is said of a trade (it is not there, it was paid) is said with a signature
            raise Unauthentic("Alipay's answer about a trade is not signed")
        return found

    def _signed(self, method: str, body: dict[str, Any], **extra: str) -> dict[str, str]:
        return signing.signed(
            self.key,
            {
                "app_id": self.creds.app_id, "method": method, "format": "JSON", "charset": "utf-8",
                "sign_type": "RSA2", "timestamp": china_time(self.around.clock()), "version": "1.0",
                "biz_content": messages.written(body), **self._certificates, **extra,
            },
        )  # fmt: skip

    def _download(self, url: str) -> bytes:
        """The file; its address carries its own signature, and must be of Alipay or of the gateway that named it."""
        address = urlsplit(url)
        own = urlsplit(self.base)
        host = address.hostname or ""
        if host != own.hostname and not any(host == one or host.endswith(f".{one}") for one in BILL_HOSTS):
            raise Unauthentic("a bill that lies somewhere else")
        secure = "https" if own.scheme == "https" else address.scheme
        wire = Wire(self.name, (f"{secure}://{address.netloc}",), self.around)
        reply = wire.send("GET", f"{address.path}?{address.query}", {"User-Agent": "suwen"}, largest=LARGEST_FILE)
        self.wire.record("GET", address.path, {}, {"bytes": len(reply.body)}, reply.status)
        if reply.status != 200:
            raise Unknown(f"the bill cannot be fetched ({reply.status})")
        return reply.body

    def _understood(self, read: Any, found: Any) -> Any:
        try:
            return read(found)
        except BadMessage as error:
            raise Unknown(f"an answer that cannot be read: {error}") from None

    def _text(self, found: dict[str, Any], name: str) -> str:
        return self._understood(lambda answer: messages.text(answer, name), found)
