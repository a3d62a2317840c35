"""Reports of Alipay: a form, signed over its decoded values."""

from datetime import datetime, timedelta
from urllib.parse import parse_qsl

from suwen.payments.gateways import intake
from suwen.payments.gateways.alipay import messages
from suwen.payments.gateways.alipay.signing import Credentials, Trusted, message
from suwen.payments.gateways.amounts import from_china
from suwen.payments.gateways.errors import Forged, Unreadable
from suwen.payments.gateways.redaction import redacted
from suwen.payments.gateways.terms import Answer, Headers, Notice, RefundAnswer

# A report is sent again for 25 hours, and nothing says that it then carries a new time. A replay within that time finds
# its event in the inbox already.
RETRIED = timedelta(hours=26)
MOST_FIELDS = 100
TYPE = "application/x-www-form-urlencoded"


def read(
    creds: Credentials, trusted: Trusted, headers: Headers, raw_body: bytes, now: datetime, pepper: bytes
) -> Notice:
    intake.bounded(raw_body)
    kind = intake.only(headers, ("content-type",)).get("content-type", TYPE)
    if kind.split(";")[0].strip().lower() != TYPE:
        raise Unreadable("a report that is no form")
    form = fields(raw_body)
    verify(trusted, form)
    intake.fresh(from_china(messages.text(form, "notify_time")), now, RETRIED)
    payment = messages.answer(form)
    refund = _refund(form, payment)
    return Notice(
        event_id=messages.text(form, "notify_id")[:128],
        event_type=str(form.get("notify_type", "")),
        kind="refund" if refund else "payment",
        digest=intake.digest(raw_body),
        payment=payment,
        refund=refund,
        foreign=tuple(foreign(creds, form)),
        content=redacted(form, pepper),
    )


def fields(raw: bytes) -> dict[str, str]:
    """The form's values; a name that comes twice is Unreadable, for which of them was signed?"""
    try:
        pairs = parse_qsl(
            raw.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError:
        raise Unreadable("no form") from None
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unreadable("a field twice")
    return found


def verify(trusted: Trusted, form: dict[str, str]) -> None:
    """Forged, unless Alipay signed these values with RSA2. The weaker RSA (SHA-1) is not accepted."""
    if form.get("sign_type") != "RSA2" or form.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        raise Forged("signed in a way that is not accepted")
    trusted.verify(message(form, ("sign", "sign_type")), form.get("sign", ""), form.get("alipay_cert_sn", ""))


def foreign(creds: Credentials, form: dict[str, str]) -> list[str]:
    """Ids in it that are not ours."""
    found = ["app_id"] if form.get("app_id") != creds.app_id else []
    return found + (["seller_id"] if form.get("seller_id") != creds.seller_id else [])


def _refund(form: dict[str, str], payment: Answer) -> RefundAnswer | None:
    """A report of a refund names the sum of all of them; what this one was, only `query_refund` says."""
    if not (form.get("gmt_refund") or payment.state == "refunded"):
        return None
    when = form.get("gmt_refund")
    return RefundAnswer(
        "success",
        # without one of its own, the refund was of the whole and has the number of the payment
        form.get("out_biz_no") or payment.out_no,
        out_no=payment.out_no,
        external_id=payment.external_id,
        currency=payment.currency,
        at=from_china(when) if when else None,
        detail=payment.detail,
    )
