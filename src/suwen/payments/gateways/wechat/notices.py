"""Reports of WeChat Pay: verified, opened, read."""

from collections.abc import Iterable
from typing import Any

from suwen.payments.gateways import intake
from suwen.payments.gateways.errors import Unreadable
from suwen.payments.gateways.redaction import redacted
from suwen.payments.gateways.terms import Headers, Notice
from suwen.payments.gateways.wechat import messages
from suwen.payments.gateways.wechat.signing import Credentials, Ring, decrypt

REFUNDS = {"REFUND.SUCCESS": "SUCCESS", "REFUND.ABNORMAL": "ABNORMAL", "REFUND.CLOSED": "CLOSED"}
PATIENCE = 0.6  # whoever reports is answered within a second, and comes again
FAILED = '{"code":"FAIL","message":"失败"}'.encode()


def read(creds: Credentials, ring: Ring, headers: Headers, raw_body: bytes, pepper: bytes) -> Notice:
    """Forged, Stale or Unreadable, before a word of it is used."""
    intake.bounded(raw_body)
    signed = ring.verify(headers, raw_body, PATIENCE)
    event = messages.read(raw_body)
    id, kind = event.get("id"), event.get("event_type")
    if not (isinstance(id, str) and 0 < len(id) <= 64 and isinstance(kind, str)):
        raise Unreadable("a report without id or type")
    if event.get("resource_type") != "encrypt-resource":
        raise Unreadable("a report without a sealed part")
    found = messages.read(decrypt(creds.apiv3_key, event.get("resource")))
    about: dict[str, Any] = {
        "event_id": id, "event_type": kind, "digest": intake.digest(raw_body), "nonce": signed["wechatpay-nonce"],
        "content": redacted({**{k: event.get(k) for k in ("create_time", "summary")}, "resource": found}, pepper),
    }  # fmt: skip
    if kind == "TRANSACTION.SUCCESS":
        payment = messages.answer(found)
        return Notice(kind="payment", payment=payment, foreign=tuple(_foreign(creds, found, app=True)), **about)
    if kind in REFUNDS:
        refund = messages.refund_answer(found)
        foreign = list(_foreign(creds, found, app=False))
        foreign += ["event_type"] if refund.detail != REFUNDS[kind] else []
        return Notice(kind="refund", refund=refund, foreign=tuple(foreign), **about)
    return Notice(kind="other", **about)


def _foreign(creds: Credentials, found: dict[str, Any], *, app: bool) -> Iterable[str]:
    if found.get("mchid") != creds.mchid:
        yield "merchant_id"
    # the report of a refund names no app
    if app and found.get("appid") not in {creds.app_id, creds.mobile_app_id} - {""}:
        yield "app_id"
