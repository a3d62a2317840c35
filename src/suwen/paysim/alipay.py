"""Alipay's open platform, RSA2: the platform's side."""

import base64
import hashlib
import json
import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256, HashAlgorithm

from suwen.paysim import bills
from suwen.paysim.http import Request, Response, html, see
from suwen.paysim.keys import Keys
from suwen.paysim.market import Market, Refusal
from suwen.paysim.store import Doc

CHINA = timezone(timedelta(hours=8))
PAGES = {
    "alipay.trade.page.pay": {"FAST_INSTANT_TRADE_PAY"},
    "alipay.trade.wap.pay": {"QUICK_WAP_WAY", "QUICK_WAP_PAY"},  # both are seen in use; which one is kept
    "alipay.trade.app.pay": {"QUICK_MSECURITY_PAY"},
    "alipay.trade.precreate": {"FACE_TO_FACE_PAYMENT", "QR_CODE_OFFLINE", ""},
}
STATES = {"open": "WAIT_BUYER_PAY", "paying": "WAIT_BUYER_PAY", "failed": "WAIT_BUYER_PAY", "paid": "TRADE_SUCCESS",
          "closed": "TRADE_CLOSED"}  # fmt: skip
NOT_THERE = ("40004", "ACQ.TRADE_NOT_EXIST", "交易不存在")


class Bad(Exception):
    """(code, sub_code, words); of the gateway itself, not of the trade, where `early`."""

    def __init__(self, code: str, sub_code: str, words: str, *, early: bool = False) -> None:
        self.body = {"code": code, "msg": "Business Failed", "sub_code": sub_code, "sub_msg": words}
        self.early = early


class Alipay:
    def __init__(self, market: Market, keys: Keys, base: Any) -> None:
        self.market, self.store, self.keys, self.base = market, market.store, keys, base

    def handle(self, request: Request) -> Response:
        given = request.query | (request.form if request.method == "POST" else {})
        method = given.get("method", "")
        name = method.replace(".", "_") + "_response"
        try:
            content = self.checked(given)
            if method in PAGES and method != "alipay.trade.precreate":
                return self._page(method, content, given)
            body = self._answers(method)(content, given)
        except Bad as bad:
            if method in PAGES and method != "alipay.trade.precreate":
                return html(f"<p>{bad.body['sub_code']}: {bad.body['sub_msg']}</p>", 400)
            return self._reply("error_response" if bad.early else name, bad.body, given, signed=not bad.early)
        return self._reply(name, {"code": "10000", "msg": "Success"} | body, given)

    def checked(self, given: dict[str, str]) -> Doc:
        """The business content, if the request is the merchant's and of now."""
        if given.get("app_id") != self.keys.alipay_app:
            raise Bad("40002", "isv.invalid-app-id", "无效的AppID参数", early=True)
        if given.get("sign_type") != "RSA2":
            raise Bad("40002", "isv.invalid-signature-type", "无效的签名类型", early=True)
        text = "&".join(f"{name}={value}" for name, value in sorted(given.items()) if name != "sign" and value)
        try:
            self.keys.private("alipay-app").public_key().verify(
                base64.b64decode(given.get("sign", ""), validate=True), text.encode(), PKCS1v15(), SHA256()
            )
        except (InvalidSignature, ValueError):
            raise Bad("40002", "isv.invalid-signature", "验签出错", early=True) from None
        if "app_cert_sn" in given and given["app_cert_sn"] != _serial(self.keys.certificate("alipay-app")):
            raise Bad("40002", "isv.app-cert-sn-invalid", "应用公钥证书SN无效", early=True)
        if "app_cert_sn" in given and given.get("alipay_root_cert_sn") != _serial(self.keys.certificate("alipay-root")):
            raise Bad("40002", "isv.root-cert-sn-invalid", "支付宝根证书SN无效", early=True)
        try:
            at = datetime.strptime(given.get("timestamp", ""), "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA)
            content = json.loads(given["biz_content"])
        except (KeyError, ValueError):
            raise Bad("40002", "isv.invalid-timestamp", "非法的时间戳或内容", early=True) from None
        # a server that writes its own zone's time is hours wrong
        if abs(self.store.now() - at.timestamp()) > 900:
            raise Bad("40002", "isv.invalid-timestamp", "非法的时间戳参数", early=True)
        return content if isinstance(content, dict) else {}

    def _answers(self, method: str) -> Any:
        known = {
            "alipay.trade.precreate": self._precreate, "alipay.trade.query": self._query,
            "alipay.trade.close": self._close, "alipay.trade.cancel": self._cancel, "alipay.trade.refund": self._refund,
            "alipay.trade.fastpay.refund.query": self._refund_query,
            "alipay.data.dataservice.bill.downloadurl.query": self._bill,
        }  # fmt: skip
        if method not in known:
            raise Bad("40002", "isv.invalid-method", "不存在的方法名", early=True)
        return known[method]

    def _reply(self, name: str, body: Doc, given: dict[str, str], *, signed: bool = True) -> Response:
        """The signed substring is what stands there, slashes escaped and braces in names and all."""
        inner = json.dumps(body, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/")
        parts = [f'"{name}":{inner}']
        if signed:
            if "app_cert_sn" in given:
                parts.append(f'"alipay_cert_sn":"{_serial(self.keys.certificate("alipay"))}"')
            parts.append(f'"sign":"{self.sign(inner)}"')
        return Response(200, ("{" + ",".join(parts) + "}").encode(), {"Content-Type": "text/html;charset=utf-8"})

    def sign(self, text: str, key: str = "alipay", hash: HashAlgorithm | None = None) -> str:
        return base64.b64encode(self.keys.private(key).sign(text.encode(), PKCS1v15(), hash or SHA256())).decode()

    def _offered(self, method: str, content: Doc, given: dict[str, str]) -> Doc:
        """What may be opened now: (amount, expires and the rest) of a valid request."""
        amount = _fen(content.get("total_amount"))
        number, subject = str(content.get("out_trade_no", "")), str(content.get("subject", ""))
        if not (amount and re.fullmatch(r"[0-9A-Za-z_]{1,64}", number) and 0 < len(subject) <= 256):
            raise Bad("40004", "ACQ.INVALID_PARAMETER", "参数无效")
        if content.get("product_code", "") not in PAGES[method]:
            raise Bad("40004", "ACQ.INVALID_PARAMETER", "product_code 无效")
        expires = self.store.now() + 15 * 86_400
        if "time_expire" in content:
            try:
                ends = datetime.strptime(content["time_expire"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA)
            except ValueError:
                raise Bad("40004", "ACQ.INVALID_PARAMETER", "time_expire 无效") from None
            expires = ends.timestamp()
        if expires <= self.store.now():
            raise Bad("40004", "ACQ.TRADE_HAS_CLOSE", "交易已超时")
        return {
            "out_no": number, "amount": amount, "expires": expires, "description": subject, "scene": method,
            "product": content.get("product_code", ""), "app_id": given["app_id"],
            "notify_url": given.get("notify_url", ""), "return_url": given.get("return_url", ""),
        }  # fmt: skip

    def _page(self, method: str, content: Doc, given: dict[str, str]) -> Response:
        made = self.opened(self._offered(method, content, given))
        return see(f"{self.base()}/cashier/alipay?token={made['token']}")

    def opened(self, offer: Doc) -> Doc:
        """The trade. It begins when a person comes, not when the merchant asks for it."""
        known = self.market.payment("alipay", offer["out_no"])
        if known and known["amount"] != offer["amount"]:
            raise Bad("40004", "ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改")
        if known and known["state"] == "paid":
            raise Bad("40004", "ACQ.TRADE_HAS_SUCCESS", "交易已被支付")
        if known and known["state"] == "closed":
            raise Bad("40004", "ACQ.TRADE_HAS_CLOSE", "交易已经关闭")
        return known or self.market.open("alipay", **offer)

    def _precreate(self, content: Doc, given: dict[str, str]) -> Doc:
        offer = self._offered("alipay.trade.precreate", content, given)
        known = self.market.payment("alipay", offer["out_no"])
        if known:
            self.opened(offer)
        token = hashlib.sha256(json.dumps(offer, sort_keys=True).encode()).hexdigest()[:24]
        self.store.put("offer", token, offer)
        return {"out_trade_no": offer["out_no"], "qr_code": f"{self.base()}/cashier/alipay?qr={token}"}

    def scanned(self, token: str) -> Doc | None:
        """The trade behind a QR code, which begins now."""
        offer = self.store.get("offer", token)
        if not offer or (offer["expires"] <= self.store.now() and not self.market.payment("alipay", offer["out_no"])):
            return None
        known = self.market.payment("alipay", offer["out_no"])
        return known or self.market.open("alipay", **offer)

    def _trade(self, content: Doc) -> Doc:
        by = content.get("trade_no")
        number = str(content.get("out_trade_no", ""))
        found = self.market.by("alipay", external_id=by) if by else self.market.payment("alipay", number)
        if not found:
            raise Bad(*NOT_THERE)
        return found

    def _query(self, content: Doc, given: dict[str, str]) -> Doc:
        return self.trade_body(self._trade(content))

    def trade_body(self, payment: Doc) -> Doc:
        whole = payment["state"] == "paid" and payment["refunded"] >= payment["amount"]
        body = {
            "out_trade_no": payment["out_no"], "trade_no": payment["external_id"],
            "trade_status": "TRADE_CLOSED" if whole else self._state(payment), "total_amount": _yuan(payment["amount"]),
            # as real people write their names
            "buyer_logon_id": 'li}{"***@sim.example', "buyer_user_id": "2088" + payment["payer"][-12:],
        }  # fmt: skip
        if payment["state"] == "paid":
            body |= {"send_pay_date": _china(payment["paid_at"]), "receipt_amount": _yuan(payment["amount"])}
        return body

    def _state(self, payment: Doc) -> str:
        finished = payment["state"] == "paid" and self.store.now() - payment["paid_at"] > 90 * 86_400
        return "TRADE_FINISHED" if finished else STATES[payment["state"]]

    def _close(self, content: Doc, given: dict[str, str]) -> Doc:
        payment = self._trade(content)
        if payment["state"] in ("paid", "closed"):
            raise Bad("40004", "ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
        self.market.close(payment)
        return {"out_trade_no": payment["out_no"], "trade_no": payment["external_id"]}

    def _cancel(self, content: Doc, given: dict[str, str]) -> Doc:
        known = self.market.payment("alipay", str(content.get("out_trade_no", "")))
        body = {"out_trade_no": str(content.get("out_trade_no", "")), "retry_flag": "N"}
        if not known:
            return body
        if known["state"] == "paid":
            left = known["amount"] - known["refunded"]
            if left:
                self.market.refund(known, f"{known['out_no']}CANCEL", left)
            return body | {"action": "refund", "trade_no": known["external_id"]}
        self.market.close(known)
        return body | {"action": "close", "trade_no": known["external_id"]}

    def _refund(self, content: Doc, given: dict[str, str]) -> Doc:
        payment = self._trade(content)
        amount = _fen(content.get("refund_amount"))
        number = str(content.get("out_request_no") or payment["out_no"])
        if not amount:
            raise Bad("40004", "ACQ.INVALID_PARAMETER", "参数无效")
        if self._state(payment) == "TRADE_FINISHED":
            raise Bad("40004", "ACQ.TRADE_HAS_FINISHED", "交易已完结")
        if not content.get("out_request_no") and amount != payment["amount"]:
            raise Bad("40004", "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "退款金额超限")
        errors = {
            "not paid": ("ACQ.TRADE_STATUS_ERROR", "交易状态不合法"),
            "too much": ("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "退款金额超限"),
            "not enough": ("ACQ.SELLER_BALANCE_NOT_ENOUGH", "卖家余额不足"),
            "refund differs": ("ACQ.DISCORDANT_REPEAT_REQUEST", "不一致的请求"),
        }
        try:
            _, new = self.market.refund(payment, number, amount, notify_url=payment["notify_url"])
        except Refusal as refusal:
            raise Bad("40004", *errors[refusal.reason]) from None
        self.market.tick()
        payment = self._trade(content)
        return {
            "trade_no": payment["external_id"], "out_trade_no": payment["out_no"], "fund_change": "Y" if new else "N",
            "refund_fee": _yuan(payment["refunded"]), "buyer_user_id": "2088" + payment["payer"][-12:],
        }  # fmt: skip

    def _refund_query(self, content: Doc, given: dict[str, str]) -> Doc:
        payment = self._trade(content)
        found = self.market.refund_of("alipay", str(content.get("out_request_no", "")))
        body = {"trade_no": payment["external_id"], "out_trade_no": payment["out_no"]}
        if not found or found["state"] != "success" or found["out_no"] != payment["out_no"]:
            return body
        body |= {
            "out_request_no": found["refund_no"], "total_amount": _yuan(payment["amount"]),
            "refund_amount": _yuan(found["amount"]), "refund_status": "REFUND_SUCCESS",
        }  # fmt: skip
        if "gmt_refund_pay" in content.get("query_options", []):
            body["gmt_refund_pay"] = _china(found["done_at"])
        return body

    def _bill(self, content: Doc, given: dict[str, str]) -> Doc:
        try:
            day = datetime.strptime(content.get("bill_date", ""), "%Y-%m-%d").replace(tzinfo=CHINA)
        except ValueError:
            raise Bad("40004", "isp.invalid_bill_date", "账单日期格式错误") from None
        if self.store.moment() < day + timedelta(days=1):
            raise Bad("40004", "isp.bill_not_ready", "账单尚未生成")
        rows = bills.rows(self.market, "alipay", day)
        if not rows or self.store.setting("bill_late", False):  # the same word for nothing and for not yet
            raise Bad("40004", "isp.bill_not_exist", "账单不存在")
        file = bills.alipay(rows)
        if self.store.setting("bill_hash_mismatch", False):
            file = file[: len(file) // 2]
        token = hashlib.sha256(file).hexdigest()[:24]
        self.store.put("file", token, {"data": base64.b64encode(file).decode()})
        return {"bill_download_url": f"{self.base()}/_alipay/bill?token={token}"}

    def notice(self, kind: str, payment: Doc, refund: Doc | None, id: str) -> dict[str, str]:
        """The fields of a report, not signed yet."""
        body = self.trade_body(payment)
        form = {
            "notify_id": id, "notify_type": "trade_status_sync", "app_id": payment["app_id"],
            "auth_app_id": payment["app_id"],
            "seller_id": self.keys.alipay_seller, "charset": "utf-8", "version": "1.0",
            "subject": payment["description"],
            "gmt_create": _china(payment["created"]), **{name: body[name] for name in (
                "out_trade_no", "trade_no", "trade_status", "total_amount", "buyer_logon_id")},
            "buyer_id": body["buyer_user_id"],
        }  # fmt: skip
        if payment["state"] == "paid":
            form |= {"gmt_payment": _china(payment["paid_at"]), "receipt_amount": _yuan(payment["amount"])}
        if kind == "closed":
            form["gmt_close"] = _china(self.store.now())
        if refund:
            form |= {
                "out_biz_no": refund["refund_no"], "refund_fee": _yuan(payment["refunded"]),
                "gmt_refund": _china(refund["done_at"]) + ".123",
            }  # fmt: skip
        return form

    def returned(self, payment: Doc) -> str:
        """Where the browser goes afterwards: signed, and no proof of anything."""
        fields = {
            "app_id": payment["app_id"], "auth_app_id": payment["app_id"], "charset": "utf-8", "version": "1.0",
            "method": f"{payment['scene']}.return", "out_trade_no": payment["out_no"],
            "trade_no": payment["external_id"],
            "seller_id": self.keys.alipay_seller, "timestamp": _china(self.store.now()),
            "total_amount": _yuan(payment["amount"]),
        }  # fmt: skip
        text = "&".join(f"{name}={value}" for name, value in sorted(fields.items()))
        fields |= {"sign": self.sign(text), "sign_type": "RSA2"}
        mark = "&" if "?" in payment["return_url"] else "?"
        return f"{payment['return_url']}{mark}{urlencode(fields)}"


def _serial(certificate: Any) -> str:
    """As Alipay's tools count it, worked out here anew."""
    short = {"commonName": "CN", "organizationalUnitName": "OU", "organizationName": "O", "countryName": "C"}
    names = [f"{short[one.oid._name]}={one.value}" for one in certificate.issuer]
    text = ",".join(names[::-1]) + str(certificate.serial_number)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _fen(text: Any) -> int:
    """0 for what is no amount between 0.01 and 100000000."""
    try:
        value = Decimal(str(text)) * 100
    except InvalidOperation:
        return 0
    return int(value) if value == value.to_integral_value() and 1 <= value <= 10_000_000_000 else 0


def _yuan(minor: int) -> str:
    return f"{'-' if minor < 0 else ''}{abs(minor) // 100}.{abs(minor) % 100:02d}"


def _china(at: float) -> str:
    return datetime.fromtimestamp(int(at), UTC).astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")
