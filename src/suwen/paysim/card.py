"""A card gateway with the Stripe API."""

import hashlib
import hmac
import json
import os
import re
from typing import Any
from urllib.parse import parse_qsl, quote

from suwen.paysim import bills
from suwen.paysim.http import Request, Response, json_response
from suwen.paysim.keys import Keys
from suwen.paysim.market import Market, Refusal, fee
from suwen.paysim.store import Doc

STATES = {"open": "requires_payment_method", "paying": "requires_action", "failed": "requires_payment_method",
          "paid": "succeeded", "closed": "canceled"}  # fmt: skip
REFUNDS = {"processing": "pending", "success": "succeeded", "abnormal": "failed", "closed": "canceled"}
CARDS = {"4242424242424242": "paid", "4000000000000002": "bank_error", "4000002500003155": "paying"}
METHODS = {"pm_card_visa": "paid", "pm_card_chargeDeclined": "bank_error", "pm_card_threeDSecure2Required": "paying"}
CURRENCIES = {"cny", "usd", "eur", "hkd", "gbp", "sgd", "jpy"}
SEARCH = re.compile(r"metadata\['out_no'\]:'([0-9A-Z]+)'")


class Bad(Exception):
    def __init__(self, status: int, code: str, message: str, kind: str = "invalid_request_error") -> None:
        self.status, self.error = status, {"code": code, "message": message, "type": kind}


class Card:
    def __init__(self, market: Market, keys: Keys, base: Any) -> None:
        self.market, self.store, self.keys, self.base = market, market.store, keys, base

    def handle(self, request: Request) -> Response:
        id = {"Request-Id": f"req_{os.urandom(7).hex()}"}
        try:
            if request.header("Authorization") != f"Bearer {self.keys.secret('card-secret')}":
                raise Bad(401, "api_key_invalid", "Invalid API Key provided")
            return self._once(request, id)
        except Bad as bad:
            return json_response({"error": bad.error}, bad.status, **id)

    def _once(self, request: Request, id: dict[str, str]) -> Response:
        """The same Idempotency-Key has the same answer, refusals too; with another request it is refused."""
        key = request.header("Idempotency-Key") if request.method == "POST" else ""
        if not key:
            return self._route(request, id)
        digest = hashlib.sha256(request.target.encode() + b"\n" + request.body).hexdigest()
        known = self.store.get("key", key)
        if known and known["digest"] != digest:
            words = "Keys for idempotent requests can only be used with the same parameters they were first used with."
            raise Bad(400, "idempotency_key_in_use", words, "idempotency_error")
        if known:
            return json_response(known["body"], known["status"], **id, **{"Idempotent-Replayed": "true"})
        try:
            made = self._route(request, id)
        except Bad as bad:
            made = json_response({"error": bad.error}, bad.status, **id)
        self.store.put("key", key, {"digest": digest, "status": made.status, "body": json.loads(made.body)})
        return made

    def _route(self, request: Request, id: dict[str, str]) -> Response:
        parts = request.path.strip("/").split("/")[1:]
        form, post = _nested(request.body.decode()), request.method == "POST"
        asked = _nested(request.target.partition("?")[2])
        match parts:
            case ["payment_intents"] if post:
                body = self._create(form, request.header("Idempotency-Key"))
            case ["payment_intents", "search"]:
                body = self._search(asked.get("query", ""))
            case ["payment_intents", one]:
                body = self.intent(self._intent(one))
            case ["payment_intents", one, "confirm"] if post:
                body = self._confirm(self._intent(one), form)
            case ["payment_intents", one, "cancel"] if post:
                body = self._cancel(self._intent(one))
            case ["checkout", "sessions"] if post:
                body = self._session(form)
            case ["checkout", "sessions", one]:
                body = self.session(self._paged(one))
            case ["checkout", "sessions", one, "expire"] if post:
                body = self._expire(self._paged(one))
            case ["refunds"] if post:
                body = self._refund(form)
            case ["refunds"]:
                body = self._refunds(asked)
            case ["refunds", one]:
                body = self.refund(self._by_refund(one))
            case ["events"]:
                body = _list(self.store.all("event")[::-1])
            case ["events", one]:
                body = self.store.get("event", one) or _missing("event", one)
            case ["balance_transactions"]:
                body = self._bookings(asked)
            case _:
                raise Bad(404, "url_invalid", f"Unrecognized request URL ({request.method}: {request.path}).")
        return json_response(body, 200, **id)

    def _create(self, form: Doc, once: str) -> Doc:
        payment = self._opened(
            form.get("amount"), form.get("currency"), form, out_no=_out_no(form, once), scene="intent"
        )
        if form.get("confirm") == "true":
            return self._confirm(payment, form)
        return self.intent(payment)

    def _opened(self, amount: Any, currency: Any, form: Doc, **more: Any) -> Doc:
        if not str(amount or "").isdigit() or int(amount) < 1:
            raise Bad(400, "parameter_invalid_integer", "Invalid integer: amount")
        if currency not in CURRENCIES:
            raise Bad(400, "parameter_invalid", f"Invalid currency: {currency}")
        number = more.pop("out_no")
        # several intents may name the same attempt; each is one of its own
        key = number if not self.market.payment("card", number) else f"{number}-{self.store.next()}"
        id = f"pi_3Sim{os.urandom(10).hex()}"
        expires = more.pop("expires", self.store.now() + 30 * 86_400)
        return self.market.open(
            "card", key, int(amount), expires, currency=currency.upper(), external_id=id, metadata=form.get("metadata",
                {}),
            client_secret=f"{id}_secret_{os.urandom(12).hex()}", description=form.get("description", ""), **more,
        )  # fmt: skip

    def _intent(self, id: str) -> Doc:
        return self.market.by("card", external_id=id) or _missing("payment_intent", id)

    def _paged(self, id: str) -> Doc:
        return self.market.by("card", session=id) or _missing("checkout.session", id)

    def _search(self, query: str) -> Doc:
        """As the real one, it knows only what is a minute old."""
        wanted = SEARCH.fullmatch(query)
        if not wanted:
            raise Bad(400, "parameter_invalid", "We were unable to parse your search query.")
        seconds = float(self.store.setting("search_delay", 60))
        found = [
            self.intent(self._intent(one["external_id"]))
            for one in self.store.all("payment")
            if one["gateway"] == "card" and one["metadata"].get("out_no") == wanted[1]
            and self.store.now() - one["created"] >= seconds
        ]  # fmt: skip
        return {"object": "search_result", "data": found, "has_more": False, "url": "/v1/payment_intents/search"}

    def _confirm(self, payment: Doc, form: Doc) -> Doc:
        method = str(form.get("payment_method", ""))
        if method not in METHODS:
            raise Bad(400, "payment_intent_invalid_parameter", "No such PaymentMethod")
        if payment["state"] in ("paid", "closed"):
            raise Bad(400, "payment_intent_unexpected_state", f"This PaymentIntent is {STATES[payment['state']]}.")
        outcome = METHODS[method]
        if outcome == "paying":
            payment["return_url"] = form.get("return_url", "")
            self.market.save(payment)
        paid = self.market.pay(payment, outcome)
        if outcome == "bank_error":
            raise Bad(402, "card_declined", "Your card was declined.", "card_error")
        return self.intent(paid)

    def _cancel(self, payment: Doc) -> Doc:
        if payment["state"] in ("paid", "closed"):
            words = f"You cannot cancel this PaymentIntent because it has a status of {STATES[payment['state']]}."
            raise Bad(400, "payment_intent_unexpected_state", words)
        closed = self.market.close(payment)
        self.market.tell("closed", closed, None)
        return self.intent(closed)

    def _session(self, form: Doc) -> Doc:
        item = (form.get("line_items") or {}).get("0", {}).get("price_data", {})
        inner = form.get("payment_intent_data") or {}
        expires = float(form.get("expires_at") or self.store.now() + 86_400)
        if form.get("mode") != "payment" or not form.get("success_url"):
            raise Bad(400, "parameter_missing", "Missing required param: success_url.")
        if not 1800 <= expires - self.store.now() <= 86_400:
            raise Bad(
                400, "parameter_invalid", "The `expires_at` timestamp must be between 30 minutes and 24 hours from now."
            )
        payment = self._opened(
            item.get("unit_amount"), item.get("currency"), inner, out_no=str(form.get("client_reference_id", "")),
            scene="session", expires=expires, session=f"cs_test_{os.urandom(16).hex()}",
            return_url=form["success_url"], cancel_url=form.get("cancel_url", ""),
        )  # fmt: skip
        return self.session(payment)

    def _expire(self, payment: Doc) -> Doc:
        if payment["state"] in ("paid", "closed"):
            raise Bad(
                400, "checkout_session_not_open", 'Only Checkout Sessions with a status in ["open"] can be expired.'
            )
        return self.session(self.market.close(payment))

    def _refund(self, form: Doc) -> Doc:
        payment = self._intent(str(form.get("payment_intent", "")))
        amount = str(form.get("amount") or payment["amount"] - payment["refunded"])
        number = (form.get("metadata") or {}).get("out_refund_no") or f"R{self.store.next()}"
        errors = {
            "not paid": ("charge_not_succeeded", "This PaymentIntent does not have a successful charge to refund."),
            "too much": ("charge_already_refunded", "Refund amount is greater than unrefunded amount on charge."),
            "not enough": ("balance_insufficient", "Insufficient funds in your account."),
            "refund differs": ("parameter_invalid", "This number was used for another refund."),
        }
        if not amount.isdigit() or int(amount) < 1:
            raise Bad(400, "parameter_invalid_integer", "Invalid positive integer: amount")
        try:
            made, _ = self.market.refund(payment, number, int(amount), metadata=form.get("metadata", {}))
        except Refusal as refusal:
            raise Bad(400, *errors[refusal.reason]) from None
        return self.refund(self.market.refund_of("card", made["refund_no"]) or made)

    def _by_refund(self, id: str) -> Doc:
        for found in self.store.all("refund"):
            if found["gateway"] == "card" and f"re_{found['external_id']}" == id:
                return self.market.refund_of("card", found["refund_no"]) or found
        return _missing("refund", id)

    def _refunds(self, asked: Doc) -> Doc:
        payment = self._intent(asked.get("payment_intent", ""))
        return _page([self.refund(one) for one in self.market.refunds(payment)][::-1], asked)

    def _bookings(self, asked: Doc) -> Doc:
        within = {name: float(value) for name, value in (asked.get("created") or {}).items()}
        made = [
            row
            for day in _days(within)
            for row in bills.rows(self.market, "card", day)
            if within.get("gte", 0) <= row["at"] < within.get("lt", 1e12)
        ]
        return _page([self._booking(number, row) for number, row in enumerate(made)][::-1], asked)

    def _booking(self, number: int, row: Doc) -> Doc:
        if "type" in row and row["type"] != "refund_failure":
            return _other_booking(number, row)
        refund = row["kind"] == "refund"
        about = {"out_no": row["out_no"]} | ({"out_refund_no": row["refund_no"]} if refund else {})
        charge = "ch_" + row["external_id"].removeprefix("pi_")
        source = {
            "id": f"re_{row['external_refund_id']}" if refund else charge, "object": "refund" if refund else "charge",
            "payment_intent": row["external_id"], "metadata": about,
            "status": "succeeded" if row["state"] == "SUCCESS" else row["state"].lower(),
            "amount": row["amount"], "currency": row["currency"].lower(),
        }  # fmt: skip
        # what was paid in one currency may be booked in another: that of the merchant's account
        settles = self.store.setting("card_settles", {"currency": row["currency"], "rate": 1})
        booked, kept = (round(one * settles["rate"]) for one in (row["amount"], fee("card", row["amount"])))
        signed, kept = (-booked, 0) if refund else (booked, kept)
        signed = abs(signed) if "type" in row else signed
        return {
            "id": f"txn_{number:06d}{int(row['at'])}", "object": "balance_transaction", "amount": signed, "fee": kept,
            "net": signed - kept, "currency": settles["currency"].lower(), "created": int(row["at"]),
            "type": row.get("type", "refund" if refund else "charge"), "source": source, "status": "available",
            "exchange_rate": None if settles["rate"] == 1 else settles["rate"],
        }  # fmt: skip

    def intent(self, payment: Doc) -> Doc:
        paid = payment["state"] == "paid"
        body = {
            "id": payment["external_id"], "object": "payment_intent", "amount": payment["amount"],
            "amount_received": payment["amount"] if paid else 0, "currency": payment["currency"].lower(),
            "client_secret": payment["client_secret"], "created": int(payment["created"]), "livemode": False,
            "description": payment["description"] or None, "metadata": payment["metadata"],
            "status": STATES[payment["state"]],
            "latest_charge": None, "next_action": None, "payment_method_types": ["card"],
        }  # fmt: skip
        if payment["state"] == "paying":
            url = f"{self.base()}/cashier/card?token={payment['token']}&step=3ds"
            body["next_action"] = {"type": "redirect_to_url", "redirect_to_url": {"url": url, "return_url": None}}
        if paid:
            body["latest_charge"] = {
                "id": "ch_" + payment["external_id"][3:], "object": "charge", "amount": payment["amount"],
                "amount_refunded": payment["refunded"], "created": int(payment["paid_at"]), "paid": True,
                "payment_intent": payment["external_id"], "refunded": payment["refunded"] >= payment["amount"],
            }  # fmt: skip
        return body

    def session(self, payment: Doc) -> Doc:
        status = {"paid": "complete", "closed": "expired"}.get(payment["state"], "open")
        return {
            "id": payment["session"], "object": "checkout.session", "status": status, "mode": "payment",
            "payment_status": "paid" if status == "complete" else "unpaid", "client_reference_id": payment["out_no"],
            "metadata": payment["metadata"], "livemode": False, "amount_total": payment["amount"],
            "currency": payment["currency"].lower(), "expires_at": int(payment["expires"]),
            "payment_intent": self.intent(payment) if payment["state"] == "paid" else None,
            "url": f"{self.base()}/cashier/card?token={payment['token']}" if status == "open" else None,
        }  # fmt: skip

    def refund(self, refund: Doc) -> Doc:
        payment = self.market.of_refund(refund)
        return {
            "id": f"re_{refund['external_id']}", "object": "refund", "amount": refund["amount"],
            "currency": payment["currency"].lower(), "created": int(refund["created"]),
            "payment_intent": payment["external_id"],
            "metadata": refund["metadata"], "status": REFUNDS[refund["state"]], "reason": "requested_by_customer",
        }  # fmt: skip

    def event(self, kind: str, payment: Doc, refund: Doc | None, id: str) -> Doc:
        names = {"paid": "payment_intent.succeeded", "closed": "payment_intent.canceled",
                 "failed": "payment_intent.payment_failed", "paying": "payment_intent.requires_action",
                 "refunded": "refund.updated"}  # fmt: skip
        body = {
            "id": id, "object": "event", "api_version": "2025-03-31.basil", "created": int(self.store.now()),
            "livemode": False, "pending_webhooks": 1, "type": names[kind], "request": {"id": None,
                "idempotency_key": None},
            "data": {"object": self.refund(refund) if refund else self.intent(payment)},
        }  # fmt: skip
        return self.store.put("event", id, body)

    def signature(self, body: bytes, *, at: float | None = None, secrets: list[str] | None = None) -> str:
        stamp = int(self.store.now() if at is None else at)
        message = f"{stamp}.".encode() + body
        made = [
            hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
            for secret in secrets or [self.keys.secret("webhook")]
        ]
        return ",".join([f"t={stamp}", *(f"v1={one}" for one in made), "v0=" + "0" * 64])


def _other_booking(number: int, row: Doc) -> Doc:
    """What is neither paid nor paid back: disputes (`adjustment`), fees of the account, payouts to the bank."""
    dispute = {"id": f"du_{number:06d}", "object": "dispute", "amount": abs(row["amount"]), "status": "needs_response"}
    return {
        "id": f"txn_{number:06d}{int(row['at'])}", "object": "balance_transaction", "amount": row["amount"],
        "fee": row["fee"], "net": row["amount"] - row["fee"], "currency": row["currency"].lower(),
        "created": int(row["at"]), "type": row["type"], "source": dispute if row["type"] == "adjustment" else None,
        "status": "available", "exchange_rate": None,
    }  # fmt: skip


def _out_no(form: Doc, once: str) -> str:
    return str(form.get("metadata", {}).get("out_no") or once or os.urandom(8).hex())


def _missing(what: str, id: str) -> Any:
    raise Bad(404, "resource_missing", f"No such {what}: '{quote(id)}'")


def _list(rows: list[Doc], more: bool = False) -> Doc:
    return {"object": "list", "data": rows, "has_more": more, "url": "/v1"}


def _page(rows: list[Doc], asked: Doc) -> Doc:
    """Newest first, `limit` of them, after the one that is named."""
    begin = next((at + 1 for at, row in enumerate(rows) if row["id"] == asked.get("starting_after")), 0)
    end = begin + int(asked.get("limit", 10))
    return _list(rows[begin:end], end < len(rows))


def _days(within: dict[str, float]) -> list[Any]:
    from datetime import UTC, datetime, timedelta

    begin, end = within.get("gte", 0), within.get("lt", 0)
    return [
        datetime.fromtimestamp(begin, UTC) + timedelta(days=n) for n in range(max(1, round((end - begin) / 86_400)))
    ]


def _nested(text: str) -> Doc:
    """a[b][c]=d as {a: {b: {c: d}}}."""
    found: Doc = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        path = [part for part in re.split(r"[\[\]]+", name) if part]
        at = found
        for part in path[:-1]:
            at = at.setdefault(part, {})
        at[path[-1]] = value
    return found
