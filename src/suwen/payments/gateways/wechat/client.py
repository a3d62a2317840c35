"""WeChat Pay v3: one method per question, each answer verified before it is read."""

from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from suwen.payments.gateways import keys
from suwen.payments.gateways.errors import BadMessage, Busy, NoBill, NotReady, Refused, Unauthentic, Unknown
from suwen.payments.gateways.terms import Answer, Attempt, Headers, Line, Notice, Offer, RefundAnswer, RefundOrder
from suwen.payments.gateways.wechat import bills, messages, notices, signing
from suwen.payments.gateways.wechat.signing import HEADERS, Credentials, Held, Ring
from suwen.payments.gateways.wire import LARGEST_FILE, Reply, Surroundings, Wire

BASES = ("https://api.mch.weixin.qq.com", "https://api2.mch.weixin.qq.com")
PAY, REFUNDS = "/v3/pay/transactions", "/v3/refund/domestic/refunds"
BUSY = {"FREQUENCY_LIMITED", "FREQUENCY_LIMIT_EXCEED", "RATELIMIT_EXCEEDED"}
NO_SUCH_ORDER = {"ORDER_NOT_EXIST", "ORDERNOTEXIST", "RESOURCE_NOT_EXISTS", "NOT_FOUND"}
ALREADY_PAID = {"ORDERPAID", "ORDER_PAID"}
NO_BILL, MAKING_BILL = {"NO_STATEMENT_EXIST"}, {"STATEMENT_CREATING"}


class WeChat:
    """`bases`: the primary host and the backup; a request that one never got goes to the other."""

    name = "wechat"
    scenes = frozenset({"qr", "phone", "inside", "app"})

    def __init__(self, creds: Credentials, around: Surroundings, bases: tuple[str, ...] = BASES) -> None:
        if len(creds.apiv3_key.encode()) != 32:
            raise keys.BadKey("the APIv3 key has 32 bytes")
        if not creds.platform_keys and not creds.certificates:
            raise keys.BadKey("without a key of the platform no answer can be believed")
        self.creds, self.around = creds, around
        self.key = keys.private_key(creds.private_key)
        self.wire = Wire(self.name, bases, around)
        self.ring = Ring(creds.platform_keys, around.clock, self._certificates if creds.certificates else None)

    def create(self, attempt: Attempt) -> Offer:
        app_id = (self.creds.mobile_app_id or self.creds.app_id) if attempt.scene == "app" else self.creds.app_id
        try:
            endpoint = messages.ENDPOINTS[attempt.scene]
        except KeyError:
            raise ValueError(f"WeChat Pay has no way of paying for {attempt.scene}") from None
        body = messages.order(attempt, self.creds.mchid, app_id)
        found = self._ask("POST", f"{PAY}/{endpoint}", body, about=attempt.out_no)
        if attempt.scene == "qr":
            return Offer("qr", text=_given(found, "code_url"))
        if attempt.scene == "phone":
            back = f"&redirect_url={quote(attempt.return_url, safe='')}" if attempt.return_url else ""
            return Offer("redirect", url=_given(found, "h5_url") + back)
        prepay_id = _given(found, "prepay_id")
        sign = self._for_app if attempt.scene == "app" else self._for_script
        return Offer("client", parameters=sign(app_id, prepay_id), prepay_id=prepay_id)

    def query(self, out_no: str, external_id: str = "") -> Answer:
        path = f"{PAY}/id/{quote(external_id)}" if external_id else f"{PAY}/out-trade-no/{quote(out_no)}"
        try:
            found = self._ask("GET", f"{path}?{urlencode({'mchid': self.creds.mchid})}", about=out_no)
        except Refused as error:
            if error.code in NO_SUCH_ORDER:
                return Answer("absent", out_no, detail=error.code)
            raise
        answer = self._understood(messages.answer, found)
        if answer.out_no != out_no or found.get("mchid") != self.creds.mchid:
            raise Unauthentic("the answer is about another payment")
        return answer

    def close(self, out_no: str, external_id: str = "") -> Answer:
        try:
            body = {"mchid": self.creds.mchid}
            self._ask("POST", f"{PAY}/out-trade-no/{quote(out_no)}/close", body, about=out_no)
        except Refused as error:
            if error.code in NO_SUCH_ORDER:
                return Answer("absent", out_no, detail=error.code)
            if error.code in ALREADY_PAID or error.code == "ORDER_CLOSED":
                return self.query(out_no, external_id)
            raise
        return Answer("closed", out_no, detail="CLOSED")

    def refund(self, order: RefundOrder) -> RefundAnswer:
        return self._refund(order, self._ask("POST", REFUNDS, messages.refund(order), about=order.out_refund_no))

    def query_refund(self, order: RefundOrder) -> RefundAnswer:
        try:
            path = f"{REFUNDS}/{quote(order.out_refund_no)}"
            return self._refund(order, self._ask("GET", path, about=order.out_refund_no))
        except Refused as error:
            if error.code in NO_SUCH_ORDER:
                return RefundAnswer("absent", order.out_refund_no, out_no=order.out_no, detail=error.code)
            raise Unknown(f"WeChat Pay does not say what became of the refund: {error}") from None

    def bill(self, day: date) -> list[Line]:
        asked = {"bill_date": day.isoformat(), "bill_type": "ALL", "tar_type": "GZIP"}
        return bills.trades(self._file("/v3/bill/tradebill", asked))

    def funds(self, day: date, account: str = "BASIC") -> list[bills.Flow]:
        """What moved on the merchant's account BASIC, OPERATION or FEES."""
        asked = {"bill_date": day.isoformat(), "account_type": account, "tar_type": "GZIP"}
        return bills.flows(self._file("/v3/bill/fundflowbill", asked))

    def read_notification(self, headers: Headers, raw_body: bytes) -> Notice:
        return notices.read(self.creds, self.ring, headers, raw_body, self.around.pepper)

    def acknowledge(self, ok: bool) -> tuple[int, bytes]:
        return (204, b"") if ok else (400, notices.FAILED)

    def _for_script(self, app_id: str, prepay_id: str) -> dict[str, str]:
        stamp, nonce, package = self._stamp(), self._nonce(), f"prepay_id={prepay_id}"
        signature = signing.pay_sign(self.key, app_id, stamp, nonce, package)
        return {
            "appId": app_id, "timeStamp": stamp, "nonceStr": nonce, "package": package, "signType": "RSA",
            "paySign": signature,
        }  # fmt: skip

    def _for_app(self, app_id: str, prepay_id: str) -> dict[str, str]:
        stamp, nonce = self._stamp(), self._nonce()
        signature = signing.pay_sign(self.key, app_id, stamp, nonce, prepay_id)
        return {
            "appid": app_id, "partnerid": self.creds.mchid, "prepayid": prepay_id, "package": "Sign=WXPay",
            "noncestr": nonce, "timestamp": stamp, "sign": signature,
        }  # fmt: skip

    def _refund(self, order: RefundOrder, found: dict[str, Any]) -> RefundAnswer:
        answer = self._understood(messages.refund_answer, found)
        if (answer.out_refund_no, answer.out_no) != (order.out_refund_no, order.out_no):
            raise Unauthentic("the answer is about another refund")
        return answer

    def _understood(self, read: Any, found: dict[str, Any]) -> Any:
        try:
            return read(found)
        except BadMessage as error:
            raise Unknown(f"an answer that cannot be read: {error}") from None

    def _ask(self, method: str, target: str, body: dict[str, Any] | None = None, *, about: str = "") -> dict[str, Any]:
        """The verified answer as an object, {} for an empty one."""
        sent = messages.write(body) if body is not None else b""
        reply = self._send(method, target, sent, about=about)
        found = self._read(method, target, body, reply, about)
        self._verify(reply, strict=reply.status < 400)
        if reply.status < 300:
            return found
        code, message = str(found.get("code") or reply.status), str(found.get("message") or "")
        if code in BUSY:
            raise Busy(f"WeChat Pay: {code}")
        if reply.status >= 500 or code == "SYSTEM_ERROR":
            raise Unknown(f"WeChat Pay: {code}")
        raise Refused(code, message, reply.status)

    def _send(self, method: str, target: str, body: bytes = b"", largest: int = 1_000_000, *, about: str = "") -> Reply:
        headers = {
            "Authorization": signing.authorization(
                self.creds, self.key, method, target, body, self.around.clock(), self._nonce()
            ),
            "Accept": "application/json",
            "User-Agent": "suwen",
        }
        if body:
            headers["Content-Type"] = "application/json"
        if public := next((name for name in self.creds.platform_keys if name.startswith("PUB_KEY_ID_")), ""):
            headers["Wechatpay-Serial"] = public
        try:
            return self.wire.send(method, target, headers, body, largest=largest)
        except (Busy, Unknown) as error:
            sent = messages.read(body) if body else {}
            self.wire.record(method, target, sent, {"error": str(error)}, 0, about)
            raise

    def _read(self, method: str, target: str, sent: Any, reply: Reply, about: str) -> dict[str, Any]:
        try:
            found = messages.read(reply.body) if reply.body else {}
        except BadMessage:
            found = {}
            if reply.status < 300:
                raise Unknown("WeChat Pay answers with something that is no JSON") from None
        finally:
            self.wire.record(method, target, sent or {}, _shown(reply.body), reply.status, about)
        return found

    def _verify(self, reply: Reply, *, strict: bool) -> None:
        """Refusals may come unsigned from before the platform; they move no money. A wrong signature never passes."""
        if reply.status == 401:
            return  # nothing was done; a wrong clock of ours would make its proof look stale, and hide the reason
        if not strict and not any(name.lower() == HEADERS[3] for name, _ in reply.headers):
            return
        try:
            self.ring.verify(reply.headers, reply.body)
        except BadMessage as error:
            raise Unauthentic(f"an answer that is not WeChat Pay's: {error}") from None

    def _file(self, path: str, asked: dict[str, str]) -> str:
        try:
            found = self._ask("GET", f"{path}?{urlencode(asked)}")
        except Refused as error:
            if error.code in NO_BILL:
                raise NoBill(error.code, error.message, error.status) from None
            if error.code in MAKING_BILL:
                raise NotReady(error.code, error.message, error.status) from None
            raise
        address = urlsplit(_given(found, "download_url"))
        # signed for the path alone and sent to our own gateway: an address elsewhere gets nothing of ours
        target = f"{address.path}?{address.query}"
        reply = self._send("GET", target, largest=LARGEST_FILE)
        self.wire.record("GET", address.path, {}, {"bytes": len(reply.body)}, reply.status)
        if reply.status != 200:
            raise Unknown(f"the bill cannot be fetched ({reply.status})")
        return self._understood(
            lambda named: bills.unpacked(reply.body, named.get("hash_type", ""), str(named.get("hash_value", ""))),
            found,
        )

    def _certificates(self) -> dict[str, Held]:
        """The platform's certificates. The first time nobody is there to verify the answer but they themselves: what
        the APIv3 key opens is the platform's, and the answer must be signed by one of them or by a key that is held.
        """
        reply = self._send("GET", "/v3/certificates")
        if reply.status != 200:
            raise Unknown(f"no certificates ({reply.status})")
        try:
            found = self._opened(reply)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise Unknown("certificates of another shape") from None
        if not found:
            raise Unknown("no certificates")
        Ring.trusting(self.ring.held() | found, self.around.clock).verify(reply.headers, reply.body)
        return found

    def _opened(self, reply: Reply) -> dict[str, Held]:
        found: dict[str, Held] = {}
        for one in messages.read(reply.body).get("data") or []:
            serial, sealed = one["serial_no"], one["encrypt_certificate"]
            certificate = keys.certificate(signing.decrypt(self.creds.apiv3_key, sealed).decode())
            if int(serial, 16) == certificate.serial_number:
                found[serial] = signing.of_certificate(certificate)
        return found

    def _nonce(self) -> str:
        return self.around.random(16).hex().upper()

    def _stamp(self) -> str:
        return str(int(self.around.clock().timestamp()))


def yesterday(now: datetime) -> date:
    """The newest day whose bill may be there: bills of a day are made by ten the next morning, in China."""
    return (now.astimezone(messages.CHINA) - timedelta(days=1, hours=10)).date()


def _given(found: dict[str, Any], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str) or not value:
        raise Unknown(f"WeChat Pay's answer has no {name}")
    return value


def _shown(body: bytes) -> Any:
    try:
        return messages.read(body) if body else {}
    except BadMessage:
        return {"bytes": len(body)}
