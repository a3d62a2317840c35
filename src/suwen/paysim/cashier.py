"""The page on which a person pays, cancels or fails; reached by the text of a QR code or by a redirect."""

from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from suwen.paysim.alipay import Alipay
from suwen.paysim.card import CARDS, Card
from suwen.paysim.http import Request, Response, html, see
from suwen.paysim.market import Market, Refusal
from suwen.paysim.store import Doc
from suwen.paysim.wechat import WeChat

FOLDER = Path(__file__).parent / "templates"
SYMBOLS = {"CNY": "¥", "USD": "$", "EUR": "€", "HKD": "HK$", "GBP": "£", "SGD": "S$", "JPY": "¥"}
WORDS: dict[str, dict[str, str]] = {
    "zh": {
        "wechat": "微信支付", "alipay": "支付宝", "card": "银行卡", "simulator": "模拟收银台 · 不会扣真钱",
        "to": "付款给",
        "merchant": "素问诊所（模拟商户）", "order": "商户单号", "for": "项目", "pay": "确认支付", "cancel": "取消支付",
        "fail": "模拟银行拒绝", "later": "支付中（稍后到账）", "paid": "支付成功", "closed": "订单已关闭，不能再支付",
        "failed": "银行没有同意这笔支付，可以再试一次", "paying": "银行正在处理，结果会另行通知",
        "cancelled": "没有付款",
        "back": "返回商户", "again": "再试一次", "close_it": "可以关闭这个页面了", "number": "卡号", "until": "有效期",
        "code": "安全码",
        "cards": "4242 4242 4242 4242 成功 · 4000 0000 0000 0002 拒绝 · 4000 0025 0000 3155 需要验证",
        "bad_card": "模拟器只认识下面这几张卡", "verify": "银行要求验证这次支付", "agree": "通过验证",
        "refuse": "验证失败",
        "unknown": "没有这个订单，或者签名不对", "other": "English", "finish": "完成入账",
    },
    "en": {
        "wechat": "WeChat Pay", "alipay": "Alipay", "card": "Card",
        "simulator": "Practice cashier · no real money moves",
        "to": "Pay to", "merchant": "Suwen clinic (simulated merchant)", "order": "Number", "for": "For",
        "pay": "Pay now",
        "cancel": "Cancel", "fail": "Let the bank refuse", "later": "Still being processed", "paid": "Paid",
        "closed": "This order is closed and cannot be paid any more", "failed": "The bank refused. You can try again",
        "paying": "The bank is working on it; the result will be reported", "cancelled": "Nothing was paid",
        "back": "Back to the merchant", "again": "Try again", "close_it": "You can close this page",
        "number": "Card number",
        "until": "Expires", "code": "Security code",
        "cards": "4242 4242 4242 4242 works · 4000 0000 0000 0002 is refused · 4000 0025 0000 3155 must be verified",
        "bad_card": "The simulator knows only the cards below", "verify": "The bank wants this payment verified",
        "agree": "It is me", "refuse": "Fail the check", "unknown": "There is no such order, or its signature is wrong",
        "other": "中文", "finish": "Finish the payment",
    },
}  # fmt: skip


@cache
def environment() -> Environment:
    return Environment(loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True)


class Cashier:
    def __init__(self, market: Market, wechat: WeChat, alipay: Alipay, card: Card) -> None:
        self.market, self.wechat, self.alipay, self.card = market, wechat, alipay, card

    def handle(self, request: Request) -> Response:
        if request.path == "/cashier/style.css":
            return Response(200, (FOLDER / "style.css").read_bytes(), {"Content-Type": "text/css; charset=utf-8"})
        gateway = request.path.rsplit("/", 1)[-1]
        given = request.query | (request.form if request.method == "POST" else {})
        payment = self._payment(gateway, given)
        if not payment:
            return self._show(request, "unknown.html", gateway, None, status=404)
        if request.method == "POST":
            return self._done(request, payment, given)
        return self._show(
            request, "cashier.html", gateway, payment, back=given.get("redirect_url", ""), step=given.get("step", "")
        )

    def _payment(self, gateway: str, given: dict[str, str]) -> Doc | None:
        """By the token of a code or a page; for a script inside WeChat by its rightly signed parameters."""
        if gateway not in ("wechat", "alipay", "card"):
            return None
        if gateway == "wechat" and ("paySign" in given or "partnerid" in given):
            return self.wechat.pay_sign_holds(given)
        if gateway == "alipay" and "qr" in given:
            return self.alipay.scanned(given["qr"])
        if gateway == "card" and "payment_intent" in given:
            found = self.market.by("card", external_id=given["payment_intent"])
            return found if found and found["client_secret"] == given.get("client_secret") else None
        return self.market.by(gateway, token=given.get("pr") or given.get("token") or "")

    def _done(self, request: Request, payment: Doc, given: dict[str, str]) -> Response:
        outcome, back = given.get("outcome", ""), given.get("back", "")
        gateway = payment["gateway"]
        if gateway == "card" and outcome == "card":
            outcome = CARDS.get(given.get("number", "").replace(" ", ""), "")
            if not outcome:
                return self._show(request, "cashier.html", gateway, payment, back=back, said="bad_card", status=422)
        try:
            payment = self.market.pay(payment, outcome)
        except Refusal:
            return self._show(request, "cashier.html", gateway, payment, back=back, status=409)
        if outcome == "paying" and gateway == "card":
            return see(f"/cashier/card?token={payment['token']}&step=3ds&lang={self._language(request)}")
        goal = self._back(payment, back)
        if outcome in ("paid", "user_cancel") and goal:
            return see(goal)
        said = {"user_cancel": "cancelled", "bank_error": "failed"}.get(outcome, "")
        return self._show(
            request, "cashier.html", gateway, payment, back=back, said=said, done=outcome in ("paid", "user_cancel")
        )

    def _back(self, payment: Doc, back: str) -> str:
        """Where the browser goes on. That it went there proves nothing."""
        if payment["gateway"] == "alipay" and payment.get("return_url"):
            return self.alipay.returned(payment)
        if payment["gateway"] == "card" and payment.get("return_url"):
            return str(
                payment["return_url"]
                if payment["state"] == "paid"
                else payment.get("cancel_url") or payment["return_url"]
            )
        return back if urlsplit(back).scheme in ("http", "https") else ""

    def _language(self, request: Request) -> str:
        asked = (
            request.query.get("lang", "") or request.form.get("lang", "")
            if request.method == "POST"
            else request.query.get("lang", "")
        )
        if asked in WORDS:
            return asked
        return "en" if request.header("Accept-Language").lower().startswith("en") else "zh"

    def _show(
        self, request: Request, template: str, gateway: str, payment: Doc | None, *, status: int = 200, **more: Any
    ) -> Response:
        lang = self._language(request)
        other = "en" if lang == "zh" else "zh"
        query = {name: value for name, value in request.query.items() if name != "lang"} | {"lang": other}
        values = {"said": "", "back": "", "step": "", "done": False} | more
        text = environment().get_template(template).render(
            words=WORDS[lang], lang=lang, gateway=gateway, payment=payment, query=query, path=request.path, **values,
            amount=_amount(payment) if payment else "", hidden={k: v for k, v in request.query.items() if k != "lang"},
        )  # fmt: skip
        return html(text, status)


def _amount(payment: Doc) -> str:
    minor, currency = payment["amount"], payment["currency"]
    figures = f"{minor:,}" if currency == "JPY" else f"{minor // 100:,}.{minor % 100:02d}"
    return f"{SYMBOLS.get(currency, currency + ' ')}{figures}"
