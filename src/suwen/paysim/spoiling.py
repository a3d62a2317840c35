"""A report as it is sent, and how it looks with each fault in it. Contents are changed before they are sealed and
signed, proofs afterwards.
"""

import base64
import json
import os
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlencode

from suwen.paysim.store import Doc
from suwen.paysim.wechat import sha1

CHINA = timezone(timedelta(hours=8))
JSON = {"Content-Type": "application/json", "User-Agent": "Mozilla/4.0"}
AGED = {"stale": -301, "future": 301}


def wechat_report(wechat: Any, event: Doc, fault: Doc) -> tuple[dict[str, str], bytes]:
    what, resource = fault["what"], event.pop("resource")
    changes = {
        "wrong_amount": lambda: resource["amount"].update(total=resource["amount"]["total"] + 1),
        "wrong_currency": lambda: resource["amount"].update(currency="USD"),
        "wrong_merchant": lambda: resource.update(mchid="1900000001"),
        "wrong_app": lambda: resource.update(appid="wx0000000000000000"),
        "wrong_out_no": lambda: resource.update(out_trade_no="SOMEBODYELSE"),
        "mutate": lambda: _mutate(resource, fault.get("fields", {})),
    }
    changes.get(what, lambda: None)()
    kind = event.pop("type")
    sealed = wechat.seal(json.dumps(resource, ensure_ascii=False).encode(), kind, kind)
    if what == "bad_tag":
        raw = bytearray(base64.b64decode(sealed["ciphertext"]))
        raw[-1] ^= 1
        sealed["ciphertext"] = base64.b64encode(bytes(raw)).decode()
    if what == "wrong_aad":
        sealed["associated_data"] = "certificate"
    now = wechat.store.now()
    created = datetime.fromtimestamp(int(now), UTC).astimezone(CHINA).isoformat()
    event |= {"create_time": created, "resource_type": "encrypt-resource", "resource": sealed}
    body = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
    return JSON | _wechat_headers(wechat, body, fault, now), body[:-20] if what == "truncated" else body


def _wechat_headers(wechat: Any, body: bytes, fault: Doc, now: float) -> dict[str, str]:
    what = fault["what"]
    spoiled: dict[str, Any] = {}
    if what in AGED:
        spoiled["at"] = now + AGED[what]
    elif what == "sha1":
        spoiled["hash"] = sha1()
    elif what == "unknown_serial":
        spoiled |= {"key": "stranger", "serial": "0" * 39 + "1"}
    elif what == "rotated":
        spoiled |= {"key": "wechat-2", "serial": wechat.keys.serial("wechat-2")}
    elif what == "signtest":
        spoiled["signature"] = "WECHATPAY/SIGNTEST/" + base64.b64encode(os.urandom(237)).decode()
    elif what == "bad_signature":
        spoiled["key"] = "stranger"
    elif what == "nonce_again":
        spoiled["nonce"] = "THESAMENONCETHESAMENONCETHESAMEN"
    return wechat.signed(body, **spoiled)


def alipay_report(alipay: Any, fields: dict[str, str], fault: Doc) -> tuple[dict[str, str], bytes]:
    what = fault["what"]
    cents = round(float(fields["total_amount"]) * 100) + 1
    changes = {
        "wrong_amount": {"total_amount": f"{cents // 100}.{cents % 100:02d}"},
        "wrong_currency": {"trans_currency": "USD"},
        "wrong_merchant": {"seller_id": "2088000000000001"},
        "wrong_app": {"app_id": "2021000000000001"},
        "wrong_out_no": {"out_trade_no": "SOMEBODYELSE"},
        "mutate": fault.get("fields", {}),
    }
    fields |= changes.get(what, {})
    aged = {"stale": -2 * 86_400, "future": 301}.get(what, 0)
    at = datetime.fromtimestamp(int(alipay.store.now()) + aged, UTC).astimezone(CHINA)
    fields["notify_time"] = at.strftime("%Y-%m-%d %H:%M:%S")
    text = "&".join(f"{name}={value}" for name, value in sorted(fields.items()) if value != "")
    key = "stranger" if what in ("bad_signature", "unknown_serial") else "alipay"
    sign = alipay.sign(text, key, sha1() if what == "sha1" else None)
    if what == "signtest":
        sign = "WECHATPAY/SIGNTEST/" + sign[19:]
    kind = "RSA" if what == "sha1" and fault.get("says") == "RSA" else "RSA2"
    body = urlencode(fields | {"sign": sign, "sign_type": kind}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    return headers, body[:-40] if what == "truncated" else body


def card_report(card: Any, event: Doc, fault: Doc) -> tuple[dict[str, str], bytes]:
    what, about = fault["what"], event["data"]["object"]
    changes = {
        "wrong_amount": {"amount_received": about.get("amount_received", 0) + 1, "amount": about["amount"] + 1},
        "wrong_currency": {"currency": "usd"},
        "wrong_out_no": {"metadata": {"out_no": "SOMEBODYELSE"}},
        "mutate": fault.get("fields", {}),
    }
    _mutate(about, changes.get(what, {}))
    if what in ("wrong_merchant", "wrong_app"):
        event["livemode"] = True
    body = json.dumps(event, indent=2).encode()
    spoiled: dict[str, Any] = {"at": card.store.now() + AGED[what]} if what in AGED else {}
    if what in ("bad_signature", "unknown_serial", "sha1", "signtest"):
        spoiled["secrets"] = ["whsec_paysim_of_somebody_else"]
    if what == "rotated":
        spoiled["secrets"] = [card.keys.secret("webhook-2"), card.keys.secret("webhook")]
    headers = JSON | {"Stripe-Signature": card.signature(body, **spoiled)}
    return headers, body[:-20] if what == "truncated" else body


def _mutate(found: Doc, fields: Doc) -> None:
    """`fields` maps names, "amount.total" for inner ones, to new values; None takes one away."""
    for name, value in fields.items():
        *path, last = name.split(".")
        at = found
        for part in path:
            at = at[part]
        if value is None:
            at.pop(last, None)
        else:
            at[last] = value
