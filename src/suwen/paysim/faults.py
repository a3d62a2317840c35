"""Faults on demand. One is {"gateway", "what", "times", ...}; it is used up after `times` (-1: never).

Of HTTP (`path`: part of the path it befalls, `host`: primary, backup or any):
  429, 500            refused before anything was done
  forbidden           refused for good: a key that was changed, a right that is missing
  500_after           done, and then 500
  timeout             nothing done, no answer           timeout_after    done, no answer (`seconds` of silence)
  reset, reset_after  the connection is cut             down             the host takes no connection
  bad_signature, unsigned, stale_answer                 the answer is not provably the gateway's

Of a report (`kind`: paid, refunded, closed ...; without it any):
  duplicate (`times_each`), drop, delay (`seconds`), reorder (a payment waits until a refund of it was reported)
  mutate (`fields`), wrong_amount, wrong_currency, wrong_merchant, wrong_app, wrong_out_no: signed,
  and about something else
  bad_signature, signtest, sha1, stale, future, unknown_serial, rotated, bad_tag, wrong_aad, nonce_again, truncated
"""

from typing import Any

from suwen.paysim.http import Request, Response, json_response
from suwen.paysim.store import Doc, Store

HTTP = {"429", "500", "forbidden", "500_after", "timeout", "timeout_after", "reset", "reset_after", "down",
        "bad_signature", "unsigned", "stale_answer"}  # fmt: skip
LATER = {"500_after", "timeout_after", "reset_after", "bad_signature", "unsigned", "stale_answer"}
REPORT = {"duplicate", "drop", "delay", "reorder", "mutate", "wrong_amount", "wrong_currency", "wrong_merchant",
    "wrong_app",
          "wrong_out_no", "bad_signature", "signtest", "sha1", "stale", "future", "unknown_serial", "rotated",
          "bad_tag",
          "wrong_aad", "nonce_again", "truncated"}  # fmt: skip
PLANNED = {"duplicate", "drop", "delay", "reorder"}
SILENCE = 20.0
ERRORS: dict[str, dict[int, Any]] = {
    "wechat": {
        429: {"code": "FREQUENCY_LIMITED", "message": "频率超限"},
        500: {"code": "SYSTEM_ERROR", "message": "系统错误，请用相同参数重新调用"},
        401: {"code": "SIGN_ERROR", "message": "错误的签名，验签失败"},
    },
    "card": {
        429: {"error": {"type": "invalid_request_error", "code": "rate_limit", "message": "Too many requests"}},
        500: {"error": {"type": "api_error", "message": "An unknown error occurred"}},
        401: {"error": {"type": "invalid_request_error", "code": "api_key_expired", "message": "Expired API Key"}},
    },
}
ALIPAY_ERRORS = {
    429: ("40005", "Call limited", "isv.app-call-limited", "应用调用次数超限"),
    500: ("20000", "Service Currently Unavailable", "isp.unknow-error", "系统繁忙"),
    401: ("40006", "Insufficient Permissions", "isv.insufficient-isv-permissions", "ISV权限不足"),
}
STATUSES = {"429": 429, "500": 500, "forbidden": 401}


class Faults:
    def __init__(self, store: Store) -> None:
        self.store = store

    def arm(self, fault: Doc) -> Doc:
        about = "http" if "path" in fault or "host" in fault or fault.get("about") == "http" else "report"
        if fault.get("what") not in (HTTP if about == "http" else REPORT):
            raise ValueError(f"there is no such fault: {fault.get('what')}")
        id = f"f{self.store.next()}"
        return self.store.put("fault", id, {"id": id, "about": about, "times": 1} | fault)

    def take(self, about: str, gateway: str, fits: Any) -> Doc | None:
        """The oldest armed fault that fits, used up by one."""
        with self.store.lock:
            for fault in self.store.all("fault"):
                if fault["about"] == about and fault.get("gateway") in (None, gateway) and fits(fault):
                    fault["times"] -= 1
                    if fault["times"] == 0:
                        self.store.delete("fault", fault["id"])
                    else:
                        self.store.put("fault", fault["id"], fault)
                    return fault
        return None

    def of_request(self, gateway: str, request: Request) -> Doc | None:
        def fits(fault: Doc) -> bool:
            return fault.get("path", "") in request.target and fault.get("host", "any") in ("any", request.host)

        return self.take("http", gateway, fits)

    def of_report(self, gateway: str, kind: str, *, planned: bool) -> Doc | None:
        def fits(fault: Doc) -> bool:
            return (fault["what"] in PLANNED) is planned and fault.get("kind") in (None, kind)

        return self.take("report", gateway, fits)


def before(fault: Doc | None, gateway: str) -> Response | None:
    """The answer of a fault that comes before anything is done."""
    if fault is None or fault["what"] in LATER:
        return None
    if status := STATUSES.get(fault["what"]):
        return error(gateway, status)
    if fault["what"] == "timeout":
        return Response(cut="silent", wait=float(fault.get("seconds", SILENCE)))
    return Response(cut="reset")


def after(fault: Doc | None, gateway: str, made: Response) -> Response:
    """What becomes of the right answer."""
    if fault is None or fault["what"] not in LATER:
        return made
    if fault["what"] == "500_after":
        return error(gateway, 500)
    if fault["what"] == "timeout_after":
        return Response(cut="silent", wait=float(fault.get("seconds", SILENCE)))
    if fault["what"] == "reset_after":
        return Response(cut="reset")
    return _unproven(fault["what"], gateway, made)


def error(gateway: str, status: int) -> Response:
    """The shape in which this gateway says 401, 429 or 500."""
    if gateway == "alipay":
        names = ("code", "msg", "sub_code", "sub_msg")
        return json_response({"error_response": dict(zip(names, ALIPAY_ERRORS[status], strict=True))})
    return json_response(ERRORS[gateway][status], status)


def _unproven(what: str, gateway: str, made: Response) -> Response:
    if gateway == "wechat":
        if what == "unsigned":
            made.headers = {name: value for name, value in made.headers.items() if not name.startswith("Wechatpay-")}
        elif what == "stale_answer":
            stamp = int(made.headers["Wechatpay-Timestamp"]) - 3600
            made.headers["Wechatpay-Timestamp"] = str(stamp)
        else:
            signature = made.headers["Wechatpay-Signature"]
            made.headers["Wechatpay-Signature"] = ("B" if signature[0] == "A" else "A") + signature[1:]
    elif gateway == "alipay":
        head, mark, tail = made.body.rpartition(b'"sign":"')
        made.body = (
            head.rstrip(b",") + b"}"
            if what == "unsigned"
            else head + mark + (b"A" if tail[:1] != b"A" else b"B") + tail[1:]
        )
    return made
