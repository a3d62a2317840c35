"""What is said to a gateway and what it answers, in the same words for all of them.

Amounts are int minor units of `currency`; moments are aware UTC datetimes; days are days in China.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, Protocol

Scene = Literal["qr", "page", "phone", "inside", "app", "client"]
Purpose = Literal["appointment", "consultation", "prescription", "top_up", "other"]
Reason = Literal["cancelled", "too_late", "mistake", "other"]
State = Literal["absent", "pending", "paid", "closed", "refunded"]
RefundState = Literal["absent", "processing", "success", "closed", "abnormal"]
Headers = Iterable[tuple[str, str]]

OUT_NO = re.compile(r"[0-9A-Z]{6,32}")
REFUND_NO = re.compile(r"[0-9A-Z]{6,64}")

# What a payer reads in the bill of WeChat or Alipay, where others may look over the shoulder: never what was the
# matter, never a doctor, a herb or the clinic's speciality. There is no way to hand in a text of one's own.
DESCRIPTIONS: dict[Purpose, str] = {
    "appointment": "预约服务费",
    "consultation": "咨询服务费",
    "prescription": "服务费",
    "top_up": "账户充值",
    "other": "服务费",
}
REASONS: dict[Reason, str] = {
    "cancelled": "订单取消", "too_late": "超时支付退回", "mistake": "更正", "other": "退款"
}  # fmt: skip


@dataclass(frozen=True)
class Attempt:
    """One try to have an order paid. A new try has a new `out_no`, and only after the old one was closed.

    scene: qr (shown on a desktop), page (redirect on a desktop), phone (redirect in a phone's browser), inside (in the
    wallet's own browser; needs `payer_ref`, the openid), app (parameters for an app), client (a card form on our page).
    `notify_url` is not of cards: their gateway is told its endpoint once, when the account is set up.
    """

    out_no: str
    amount: int
    currency: str
    purpose: Purpose
    scene: Scene
    expires_at: datetime
    notify_url: str
    return_url: str = ""
    payer_ref: str = ""
    payer_ip: str = ""

    def __post_init__(self) -> None:
        if not OUT_NO.fullmatch(self.out_no):
            raise ValueError("an attempt's number has 6 to 32 characters of 0-9A-Z")
        if self.amount < 1:
            raise ValueError("nothing cannot be paid through a gateway")
        if "?" in self.notify_url:
            raise ValueError("gateways refuse an address of notification with a query")

    @property
    def description(self) -> str:
        return DESCRIPTIONS[self.purpose]


@dataclass(frozen=True)
class Offer:
    """What the payer is shown: `text` of a QR code, the `url` to go to, or `parameters` for a script or an app.

    `prepay_id` is the gateway's number of the offer, if it has one. `external_id`, if there is one already, is the
    number of the payment and belongs into every later question.
    """

    kind: Literal["qr", "redirect", "client"]
    text: str = ""
    url: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    prepay_id: str = ""
    external_id: str = ""


@dataclass(frozen=True)
class Answer:
    """What the gateway knows of a payment.

    absent: it has never heard of it (nobody has scanned yet, or it was never created); pending; paid; closed unpaid;
    refunded: it was paid and went back, wholly or in part (Alipay says paid while only a part did). Which refunds there
    were, `query_refund` and the bill say.
    `amount` is what was paid, None where nothing was. `detail` is the gateway's own word for the state.
    """

    state: State
    out_no: str
    external_id: str = ""
    amount: int | None = None
    currency: str = ""
    at: datetime | None = None
    detail: str = ""

    def disagreements(self, out_no: str, amount: int, currency: str) -> list[str]:
        """What of it does not fit the order it claims to pay; the order is not to be touched then."""
        found = []
        if self.out_no != out_no:
            found.append("out_no")
        if self.state in ("paid", "refunded"):
            found += ["amount"] if self.amount != amount else []
            found += ["currency"] if self.currency != currency else []
        return found


@dataclass(frozen=True)
class RefundOrder:
    """Pay `amount` of the `total` that was paid back. The same `out_refund_no` is the same refund, however often
    sent. `refusals`: how often the gateway has said no to it; a gateway that repeats its answers is asked anew."""

    out_refund_no: str
    amount: int
    total: int
    currency: str
    out_no: str
    external_id: str
    reason: Reason = "other"
    notify_url: str = ""
    external_refund_id: str = ""
    refusals: int = 0

    def __post_init__(self) -> None:
        if not REFUND_NO.fullmatch(self.out_refund_no):
            raise ValueError("a refund's number has 6 to 64 characters of 0-9A-Z")
        if not 1 <= self.amount <= self.total:
            raise ValueError("more than was paid, or nothing, cannot be paid back")


@dataclass(frozen=True)
class RefundAnswer:
    """absent: the gateway has no such refund (ask for it again under the same number); abnormal: a person must look.

    `amount` is None where the gateway does not say it; `query_refund` does.
    """

    state: RefundState
    out_refund_no: str
    out_no: str = ""
    external_id: str = ""
    external_refund_id: str = ""
    amount: int | None = None
    currency: str = ""
    at: datetime | None = None
    detail: str = ""


@dataclass(frozen=True)
class Notice:
    """A report whose signature is the gateway's. Nothing of it has been compared with an order yet.

    `event_id` is unique per gateway and event, repeated in repeated deliveries. `nonce` and `digest` (SHA-256 of the
    raw body) let the inbox refuse a nonce that comes with another body. `foreign` names ids in it that are not ours
    (app_id, merchant_id, seller_id, livemode): store it, tell a human, answer success, move nothing.
    """

    event_id: str
    event_type: str
    kind: Literal["payment", "refund", "other"]
    digest: str
    nonce: str = ""
    payment: Answer | None = None
    refund: RefundAnswer | None = None
    foreign: tuple[str, ...] = ()
    content: dict[str, Any] = field(default_factory=dict)  # redacted, to be stored


@dataclass(frozen=True)
class Line:
    """A row of a gateway's bill. `amount` is positive for refunds too; `fee` is what the gateway kept (or gave
    back)."""

    kind: Literal["payment", "refund"]
    out_no: str
    external_id: str
    amount: int
    currency: str
    at: datetime
    state: str
    fee: int = 0
    out_refund_no: str = ""
    external_refund_id: str = ""


class Gateway(Protocol):
    """One way of being paid. Every call is HTTP: from jobs only, never inside a transaction."""

    name: str
    scenes: frozenset[str]

    def create(self, attempt: Attempt) -> Offer:
        """Offer the payment. After Unknown it may be called again with the same attempt."""

    def query(self, out_no: str, external_id: str = "") -> Answer: ...

    def close(self, out_no: str, external_id: str = "") -> Answer:
        """Make it impossible to pay. If it has been paid already, the answer says so: `state` is paid, not closed."""

    def refund(self, order: RefundOrder) -> RefundAnswer:
        """Refused only where the request itself was: then nothing goes back by it."""

    def query_refund(self, order: RefundOrder) -> RefundAnswer:
        """Never Refused but Unknown: a question that is not answered says nothing of the refund."""

    def bill(self, day: date) -> list[Line]:
        """All that was paid and refunded on a past day; NotReady while it is made, NoBill where there is none."""

    def read_notification(self, headers: Headers, raw_body: bytes) -> Notice:
        """The report, verified on its raw bytes; Forged, Stale or Unreadable otherwise."""

    def acknowledge(self, ok: bool) -> tuple[int, bytes]:
        """(status, body) of the answer to a report: `ok` as soon as it is stored."""
