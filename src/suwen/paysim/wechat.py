"""WeChat Pay v3, the platform's side."""

import base64
import json
import os
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm

from suwen.paysim import bills
from suwen.paysim.http import Request, Response, json_response
from suwen.paysim.keys import Keys
from suwen.paysim.market import Market, Refusal
from suwen.paysim.store import Doc

SCHEME = "WECHATPAY2-SHA256-RSA2048"
PARTS = re.compile(r'(\w+)="([^"]*)"')
OUT_NO = re.compile(r"[0-9A-Za-z_\-|*]{6,32}")
CHINA = timezone(timedelta(hours=8))
TRADE_TYPES = {"jsapi": "JSAPI", "native": "NATIVE", "h5": "MWEB", "app": "APP"}
STATES = {"open": "NOTPAY", "paying": "USERPAYING", "failed": "PAYERROR", "paid": "SUCCESS", "closed": "CLOSED"}
WORDS = {"NOTPAY": "订单未支付", "USERPAYING": "用户支付中", "PAYERROR": "支付失败", "SUCCESS": "支付成功",
         "CLOSED": "订单已关闭", "REFUND": "订单发生过退款，退款详情请查询退款单"}  # fmt: skip
FIELDS = {"appid", "mchid", "description", "out_trade_no", "notify_url", "amount", "payer", "time_expire", "attach",
          "scene_info", "goods_tag", "detail", "settle_info", "support_fapiao"}  # fmt: skip


class Bad(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        self.status, self.code, self.message = status, code, message


class WeChat:
    """`base()` is where this simulator is reached by people's browsers."""

    def __init__(self, market: Market, keys: Keys, base: Any) -> None:
        self.market, self.store, self.keys, self.base = market, market.store, keys, base

    def handle(self, request: Request) -> Response:
        try:
            self._verify(request)
            found = self._route(request)
        except Bad as bad:
            error = {"code": bad.code, "message": bad.message, "detail": {"location": "body"}}
            found = json_response(error, bad.status)
        if not request.path.startswith("/v3/billdownload/"):
            found.headers |= self.signed(found.body, request.header("Wechatpay-Serial"))
        return found

    def _verify(self, request: Request) -> None:
        scheme, _, rest = request.header("Authorization").partition(" ")
        parts = dict(PARTS.findall(rest))
        wrong = scheme != SCHEME or set(parts) != {"mchid", "nonce_str", "signature", "timestamp", "serial_no"}
        if wrong or parts["mchid"] != self.keys.mchid or parts["serial_no"] != self.keys.merchant_serial:
            raise Bad(401, "SIGN_ERROR", "Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》")
        if not parts["timestamp"].isdigit() or abs(self.store.now() - int(parts["timestamp"])) > 300:
            raise Bad(401, "SIGN_ERROR", "Http头Authorization认证类型不正确: 时间戳已过期")
        lines = [request.method, request.target, parts["timestamp"], parts["nonce_str"], request.body.decode()]
        key = self.keys.private("merchant").public_key()
        try:
            signature = base64.b64decode(parts["signature"], validate=True)
            key.verify(signature, "".join(line + "\n" for line in lines).encode(), PKCS1v15(), SHA256())
        except (InvalidSignature, ValueError):
            raise Bad(401, "SIGN_ERROR", "错误的签名，验签失败") from None
        if not (request.header("Accept") and request.header("User-Agent")):
            raise Bad(400, "PARAM_ERROR", "缺少Accept或User-Agent")

    def signed(self, body: bytes, asked: str = "", **changes: Any) -> dict[str, str]:
        """The headers of an answer or a report: by the public key where the merchant uses it, else by the
        certificate in use. `changes` make them wrong: at, key, serial, hash, nonce, signature.
        """
        public = asked.startswith("PUB_KEY_ID_") or (
            not asked and self.store.setting("wechat_signer", "public") == "public"
        )
        active = f"wechat-{self.store.setting('wechat_active', 1)}"
        name, serial = ("wechat-public", self.keys.public_id) if public else (active, self.keys.serial(active))
        stamp = str(int(changes.get("at", self.store.now())))
        nonce = changes.get("nonce") or os.urandom(16).hex().upper()
        message = f"{stamp}\n{nonce}\n".encode() + body + b"\n"
        hash: HashAlgorithm = changes.get("hash") or SHA256()
        signature = self.keys.private(changes.get("key", name)).sign(message, PKCS1v15(), hash)
        return {
            "Wechatpay-Timestamp": stamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Serial": changes.get("serial", serial),
            "Wechatpay-Signature": changes.get("signature") or base64.b64encode(signature).decode(),
            "Wechatpay-Signature-Type": SCHEME,
            "Request-ID": os.urandom(16).hex().upper(),
        }

    def _route(self, request: Request) -> Response:
        path, parts = request.path, request.path.strip("/").split("/")
        if path.startswith("/v3/pay/transactions/out-trade-no/") and path.endswith("/close"):
            return self._close(self._found(parts[4]), request)
        if path.startswith("/v3/pay/transactions/out-trade-no/") and request.method == "GET":
            return self._shown(self._found(parts[4]), request)
        if path.startswith("/v3/pay/transactions/id/") and request.method == "GET":
            return self._shown(self.market.by("wechat", external_id=parts[4], state="paid"), request)
        if path.startswith("/v3/pay/transactions/") and parts[-1] in TRADE_TYPES and request.method == "POST":
            return self._create(parts[-1], _json(request))
        if path == "/v3/refund/domestic/refunds" and request.method == "POST":
            return self._refund(_json(request))
        if path.startswith("/v3/refund/domestic/refunds/"):
            known = self.market.refund_of("wechat", parts[4])
            if not known:
                raise Bad(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
            return json_response(self.refund_body(known))
        if path in ("/v3/bill/tradebill", "/v3/bill/fundflowbill"):
            return self._bill(request, path.rsplit("/", 1)[1])
        if path == "/v3/billdownload/file":
            file = self.store.get("file", request.query.get("token", ""))
            if not file:
                raise Bad(400, "PARAM_ERROR", "token无效")
            return Response(200, base64.b64decode(file["data"]), {"Content-Type": "application/octet-stream"})
        if path == "/v3/certificates":
            return self._certificates()
        raise Bad(404, "RESOURCE_NOT_EXISTS", "请求的资源不存在")

    def _found(self, out_no: str) -> Doc | None:
        return self.market.payment("wechat", out_no)

    def _create(self, kind: str, body: Doc) -> Response:
        expires = self._checked(kind, body)
        out_no, total = body["out_trade_no"], body["amount"]["total"]
        known = self._found(out_no)
        if known:
            if known["state"] == "paid":
                raise Bad(400, "ORDERPAID", "该订单已支付")
            if known["state"] == "closed":
                raise Bad(400, "ORDER_CLOSED", "该订单已关闭，请重新下单")
            if (known["amount"], known["app_id"], known["scene"]) != (total, body["appid"], kind):
                raise Bad(403, "OUT_TRADE_NO_USED", "商户订单号重复")
        made = known or self.market.open(
            "wechat", out_no, total, expires, scene=kind, app_id=body["appid"], notify_url=body["notify_url"],
            description=body["description"], **({"payer": body["payer"]["openid"]} if kind == "jsapi" else {}),
        )  # fmt: skip
        page = f"{self.base()}/cashier/wechat?pr={made['token']}"
        if kind == "native":
            real = self.store.setting("code_url", "http") == "weixin"
            return json_response({"code_url": f"weixin://wxpay/bizpayurl?pr={made['token']}" if real else page})
        if kind == "h5":
            return json_response({"h5_url": page})
        return json_response({"prepay_id": f"wx{made['token']}"})

    def _checked(self, kind: str, body: Doc) -> float:
        """When the payment ends; Bad for whatever the platform would refuse."""
        amount = body.get("amount")
        rules = {
            "out_trade_no": OUT_NO.fullmatch(str(body.get("out_trade_no", ""))),
            "appid": body.get("appid") in (self.keys.wechat_app, self.keys.wechat_mobile_app),
            "mchid": body.get("mchid") == self.keys.mchid,
            "description": 0 < len(str(body.get("description", "")).encode()) <= 127,
            "notify_url": re.fullmatch(r"https?://[^?#]{1,240}", str(body.get("notify_url", ""))),
            "amount": isinstance(amount, dict) and type(amount.get("total")) is int and amount["total"] >= 1,
            "currency": isinstance(amount, dict) and amount.get("currency", "CNY") == "CNY",
            "payer.openid": kind != "jsapi" or (body.get("payer") or {}).get("openid"),
            "scene_info": kind != "h5" or _h5(body.get("scene_info")),
            "fields": set(body) <= FIELDS,
        }
        for name, good in rules.items():
            if not good:
                raise Bad(400, "PARAM_ERROR", f"参数错误: {name}")
        try:
            ends = datetime.fromisoformat(body["time_expire"]) if "time_expire" in body else None
        except ValueError:
            raise Bad(400, "PARAM_ERROR", "参数错误: time_expire") from None
        if ends is None:
            return self.store.now() + 7200
        if ends.tzinfo is None or ends.timestamp() <= self.store.now():
            raise Bad(400, "PARAM_ERROR", "参数错误: time_expire")
        return ends.timestamp()

    def _shown(self, payment: Doc | None, request: Request) -> Response:
        if request.query.get("mchid") != self.keys.mchid:
            raise Bad(400, "PARAM_ERROR", "参数错误: mchid")
        if not payment:
            raise Bad(404, "ORDER_NOT_EXIST", "订单不存在")
        return json_response(self.payment_body(payment))

    def _close(self, payment: Doc | None, request: Request) -> Response:
        if _json(request).get("mchid") != self.keys.mchid:
            raise Bad(400, "PARAM_ERROR", "参数错误: mchid")
        if not payment:
            raise Bad(404, "ORDER_NOT_EXIST", "订单不存在")
        try:
            self.market.close(payment)
        except Refusal:
            raise Bad(400, "ORDERPAID", "该订单已支付") from None
        return Response(204)

    def _refund(self, body: Doc) -> Response:
        amount = body.get("amount") or {}
        by = body.get("transaction_id")
        payment = self.market.by("wechat", external_id=by) if by else self._found(str(body.get("out_trade_no", "")))
        if not payment:
            raise Bad(404, "RESOURCE_NOT_EXISTS", "订单不存在")
        number = str(body.get("out_refund_no", ""))
        back, total = amount.get("refund"), amount.get("total")
        if not re.fullmatch(r"[0-9A-Za-z_\-|*@]{1,64}", number) or type(back) is not int or type(total) is not int:
            raise Bad(400, "PARAM_ERROR", "参数错误: amount")
        if back < 1 or total != payment["amount"] or amount.get("currency") != "CNY":
            raise Bad(400, "PARAM_ERROR", "订单金额或退款金额与之前请求不一致")
        errors = {
            "not paid": (400, "INVALID_REQUEST", "订单状态错误"),
            "too much": (400, "INVALID_REQUEST", "订单金额或退款金额有误：申请退款金额大于订单可退金额"),
            "not enough": (403, "NOT_ENOUGH", "基本账户余额不足，请充值后重新发起"),
            "refund differs": (400, "PARAM_ERROR", "订单金额或退款金额与之前请求不一致，请核实后再试"),
        }
        try:
            made, _ = self.market.refund(payment, number, back, notify_url=body.get("notify_url", ""))
        except Refusal as refusal:
            raise Bad(*errors[refusal.reason]) from None
        return json_response(self.refund_body(made))

    def _bill(self, request: Request, kind: str) -> Response:
        asked = request.query
        try:
            day = datetime.strptime(asked.get("bill_date", ""), "%Y-%m-%d").replace(tzinfo=CHINA)
        except ValueError:
            raise Bad(400, "PARAM_ERROR", "账单日期格式错误") from None
        now = self.store.moment()
        if day + timedelta(days=1) > now or day < now - timedelta(days=92):
            raise Bad(400, "INVALID_REQUEST", "账单日期超出范围")
        if now < day + timedelta(days=1, hours=10):
            raise Bad(400, "STATEMENT_CREATING", "账单生成中")
        rows = bills.rows(self.market, "wechat", day)
        if not rows or self.store.setting("bill_late", False):
            raise Bad(400, "NO_STATEMENT_EXIST", "账单文件不存在")
        make = bills.wechat_trades if kind == "tradebill" else bills.wechat_flows
        plain = make(rows, self.keys).encode()
        file, digest = bills.packed(plain, gzipped=asked.get("tar_type") == "GZIP")
        if self.store.setting("bill_hash_mismatch", False):
            digest = "0" * 40
        token = os.urandom(12).hex()
        self.store.put("file", token, {"data": base64.b64encode(file).decode()})
        url = f"https://api.mch.weixin.qq.com/v3/billdownload/file?token={token}"
        return json_response({"hash_type": "SHA1", "hash_value": digest, "download_url": url})

    def _certificates(self) -> Response:
        data = []
        for number in self.store.setting("wechat_certificates", [1]):
            name = f"wechat-{number}"
            certificate = self.keys.certificate(name)
            sealed = self.seal(self.keys.certificate_path(name).read_bytes(), "certificate")
            data.append(
                {
                    "serial_no": self.keys.serial(name),
                    "effective_time": certificate.not_valid_before_utc.isoformat(),
                    "expire_time": certificate.not_valid_after_utc.isoformat(),
                    "encrypt_certificate": {name: value for name, value in sealed.items() if name != "original_type"},
                }
            )
        return json_response({"data": data})

    def seal(self, text: bytes, associated: str, kind: str = "") -> Doc:
        nonce = os.urandom(6).hex()
        sealed = AESGCM(self.keys.secret("apiv3").encode()).encrypt(nonce.encode(), text, associated.encode())
        return {
            "original_type": kind, "algorithm": "AEAD_AES_256_GCM", "ciphertext": base64.b64encode(sealed).decode(),
            "associated_data": associated, "nonce": nonce,
        }  # fmt: skip

    def payment_body(self, payment: Doc) -> Doc:
        state = STATES[payment["state"]]
        if state == "SUCCESS" and payment["refunded"]:
            state = "REFUND"
        body = {
            "appid": payment["app_id"], "mchid": self.keys.mchid, "out_trade_no": payment["out_no"],
            "trade_state": state, "trade_state_desc": WORDS[state], "attach": "",
            "amount": {"total": payment["amount"], "currency": "CNY"},
        }  # fmt: skip
        if payment["state"] == "paid":
            body["amount"] |= {"payer_total": payment["amount"], "payer_currency": "CNY"}
            body |= {
                "transaction_id": payment["external_id"], "trade_type": TRADE_TYPES[payment["scene"]],
                "bank_type": "OTHERS", "success_time": _rfc3339(payment["paid_at"]),
                "payer": {"openid": payment["payer"]},
            }  # fmt: skip
        return body

    def refund_body(self, refund: Doc) -> Doc:
        payment = self.market.of_refund(refund)
        body = {
            "refund_id": refund["external_id"], "out_refund_no": refund["refund_no"],
            "transaction_id": payment["external_id"], "out_trade_no": refund["out_no"], "channel": "ORIGINAL",
            "user_received_account": "支付用户零钱", "create_time": _rfc3339(refund["created"]),
            "status": refund["state"].upper(), "funds_account": "AVAILABLE",
            "amount": {
                "total": payment["amount"], "refund": refund["amount"], "payer_total": payment["amount"],
                "payer_refund": refund["amount"], "settlement_refund": refund["amount"],
                "settlement_total": payment["amount"], "discount_refund": 0, "currency": "CNY",
            },
        }  # fmt: skip
        if refund["state"] == "success":
            body["success_time"] = _rfc3339(refund["done_at"])
        return body

    def pay_sign_holds(self, given: dict[str, str]) -> Doc | None:
        """The payment that a script or an app may now show, if the merchant signed these parameters."""
        if "partnerid" in given:
            lines = [given.get(name, "") for name in ("appid", "timestamp", "noncestr", "prepayid")]
            signature, prepay = given.get("sign", ""), given.get("prepayid", "")
        else:
            lines = [given.get(name, "") for name in ("appId", "timeStamp", "nonceStr", "package")]
            signature, prepay = given.get("paySign", ""), given.get("package", "").removeprefix("prepay_id=")
        try:
            self.keys.private("merchant").public_key().verify(
                base64.b64decode(signature), "".join(line + "\n" for line in lines).encode(), PKCS1v15(), SHA256()
            )
        except (InvalidSignature, ValueError):
            return None
        payment = self.market.by("wechat", token=prepay.removeprefix("wx"))
        fresh = payment and self.store.now() - payment["created"] < 7200
        return payment if payment and fresh and payment["app_id"] == lines[0] else None


def sha1() -> HashAlgorithm:
    return SHA1()  # noqa: S303 - what a client must not accept


def _h5(scene: Any) -> bool:
    return (
        isinstance(scene, dict)
        and bool(scene.get("payer_client_ip"))
        and bool((scene.get("h5_info") or {}).get("type"))
    )


def _json(request: Request) -> Doc:
    try:
        found = json.loads(request.body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Bad(400, "PARAM_ERROR", "请求体不是合法的JSON")
    return found


def _rfc3339(at: float) -> str:
    return datetime.fromtimestamp(int(at), UTC).astimezone(CHINA).isoformat()


def link(base: str, given: dict[str, str]) -> str:
    """Where a browser shows what a script inside WeChat would."""
    return f"{base}/cashier/wechat?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in given.items())
