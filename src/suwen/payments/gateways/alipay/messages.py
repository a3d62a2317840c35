"""The shapes of Alipay: what is asked, and what its answers mean in our words."""

import json
from typing import Any

from suwen.payments.gateways.amounts import china_time, fen, from_china, yuan
from suwen.payments.gateways.errors import Busy, GatewayError, Refused, Unknown, Unreadable
from suwen.payments.gateways.terms import REASONS, Answer, Attempt, RefundAnswer, RefundOrder

METHODS = {
    "qr": ("alipay.trade.precreate", "FACE_TO_FACE_PAYMENT"),
    "page": ("alipay.trade.page.pay", "FAST_INSTANT_TRADE_PAY"),
    "phone": ("alipay.trade.wap.pay", "QUICK_WAP_WAY"),
    "app": ("alipay.trade.app.pay", "QUICK_MSECURITY_PAY"),
}
PAID = {"TRADE_SUCCESS", "TRADE_FINISHED"}
BUSY = {"isv.app-call-limited", "isp.qps-limited", "ACQ.ACCESS_FORBIDDEN_FREQUENTLY"}
UNKNOWN = {"ACQ.SYSTEM_ERROR", "aop.ACQ.SYSTEM_ERROR", "isp.unknow-error", "isp.unknown-error", "aop.unknow-error"}


def order(attempt: Attempt) -> dict[str, Any]:
    if attempt.currency != "CNY":
        raise ValueError("Alipay takes CNY")
    method, product = METHODS[attempt.scene]
    body = {
        "out_trade_no": attempt.out_no,
        "total_amount": yuan(attempt.amount),
        "subject": attempt.description,
        "product_code": product,
        # whoever opens the page later than this is told so by Alipay: an order that expired cannot be paid
        "time_expire": china_time(attempt.expires_at),
    }
    if method == "alipay.trade.wap.pay" and attempt.return_url:
        body["quit_url"] = attempt.return_url
    return body


def trade(out_no: str, external_id: str) -> dict[str, str]:
    return {"trade_no": external_id, "out_trade_no": out_no} if external_id else {"out_trade_no": out_no}


def refund(order: RefundOrder) -> dict[str, str]:
    return trade(order.out_no, order.external_id) | {
        "refund_amount": yuan(order.amount),
        "out_request_no": order.out_refund_no,
        "refund_reason": REASONS[order.reason],
    }


def refund_query(order: RefundOrder) -> dict[str, Any]:
    asked: dict[str, Any] = {"out_request_no": order.out_refund_no, "query_options": ["gmt_refund_pay"]}
    return trade(order.out_no, order.external_id) | asked


def refusal(found: dict[str, Any]) -> GatewayError:
    """The error of an answer whose code is not 10000."""
    code, sub = str(found.get("code", "")), str(found.get("sub_code", ""))
    words = str(found.get("sub_msg") or found.get("msg") or "")
    if code == "20000" or sub in UNKNOWN:
        return Unknown(f"Alipay: {sub or code}")
    if sub in BUSY:
        return Busy(f"Alipay: {sub}")
    return Refused(sub or code, words)


def answer(found: dict[str, Any]) -> Answer:
    """Of a query or a report, which say the time of payment under different names.

    TRADE_CLOSED is two things: never paid in time, or paid and wholly refunded. Who has a time of payment was paid.
    """
    word = text(found, "trade_status")
    when = found.get("send_pay_date") or found.get("gmt_payment")
    about: dict[str, Any] = {
        "out_no": text(found, "out_trade_no"), "external_id": str(found.get("trade_no", "")), "detail": word
    }  # fmt: skip
    if word == "WAIT_BUYER_PAY":
        return Answer("pending", **about)
    refunded = bool(found.get("gmt_refund") or found.get("refund_fee") not in (None, "", "0.00", "0"))
    if word == "TRADE_CLOSED" and not when and not refunded:
        return Answer("closed", **about)
    if word not in PAID and word != "TRADE_CLOSED":
        raise Unreadable(f"a state of payment that is not known: {word[:32]}")
    return Answer(
        "paid" if word in PAID and not refunded else "refunded",
        amount=fen(text(found, "total_amount")),
        # named only where it is not yuan
        currency=str(found.get("trans_currency") or "CNY"),
        at=from_china(str(when)) if when else None,
        **about,
    )


def refund_answer(order: RefundOrder, found: dict[str, Any]) -> RefundAnswer:
    """Of a refund query. That the question was answered (10000) does not say that anything was refunded."""
    done = found.get("refund_status") == "REFUND_SUCCESS"
    paid_back = found.get("gmt_refund_pay")
    return RefundAnswer(
        "success" if done else "absent",
        order.out_refund_no,
        out_no=order.out_no,
        external_id=str(found.get("trade_no", order.external_id)),
        external_refund_id=order.out_refund_no,
        amount=fen(text(found, "refund_amount")) if done else None,
        currency="CNY" if done else "",
        at=from_china(str(paid_back)) if done and paid_back else None,
        detail=str(found.get("refund_status", "")),
    )


def written(body: dict[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def text(found: dict[str, Any], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str) or not value:
        raise Unreadable(f"{name} is missing")
    return value
