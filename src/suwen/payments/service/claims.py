"""Insurers are asked for whole orders, by the desk: submitted, granted or refused, and paid in the end."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from suwen.core import audit, money, sealed
from suwen.core.actor import Actor
from suwen.core.db import changed, new_id, rows
from suwen.core.errors import Forbidden, Invalid
from suwen.core.export import BOM, csv_line
from suwen.core.i18n import N_
from suwen.core.outbox import emit
from suwen.core.paging import keyset
from suwen.core.schemas import Slice
from suwen.payments import queries, rules
from suwen.payments.errors import BadSum, ClaimDecided, ClaimOpen, MethodNotOffered, NoSuchClaim, NoSuchOrder
from suwen.payments.events import ClaimSubmitted
from suwen.payments.models import Claim, Order, Refund, Transaction
from suwen.payments.schemas.claims import ClaimFilters, ClaimInput, ClaimLine
from suwen.payments.service import ledger, paying
from suwen.payments.service.orders import ask_no_insurer, defer

KIND = "insurance_claim"  # in the trail of who looked at what
TAIL, LONG_ENOUGH = 4, 8  # of a shorter number nothing is shown: its end would be half of it
OPEN_FOR = timedelta(days=60)  # insurers take weeks; the order keeps its place as long
PAYABLE_AGAIN = timedelta(hours=24)
BANK = "asset:bank"
NEWEST = [(Claim.created_at, "desc"), (Claim.id, "desc")]
COLUMNS = ("claim_no", "order_no", "created_at", "payer", "insurer", "holder", "amount", "currency", "status",
           "insurer_reference", "submitter", "decider", "decided_at", "settled_at", "note")  # fmt: skip


def submit(tx: Session, actor: Actor, order_id: str, entry: ClaimInput, now: datetime) -> str:
    """Ask an insurer for all of an order, which then does not expire. Returns the claim's id.

    Refused: anybody but the desk, what is not to be paid (any more), a second claim while one is open.
    """
    _desk(actor)
    insurer, holder, number = entry.insurer.strip(), entry.holder.strip(), entry.policy_no.strip()
    typed = {"insurer": insurer, "holder": holder, "policy_no": number}
    if blank := [name for name, text in typed.items() if not text]:
        raise Invalid(fields=dict.fromkeys(blank, "Please fill this in."))
    order = _order(tx, order_id)
    if order is None:
        raise NoSuchOrder()
    if paying.is_top_up(order):
        raise MethodNotOffered(method="insurance", offered=["cash"])
    if not order.amount:
        raise BadSum()
    before = order.expire_time
    defer(tx, order_id, max(before, now + OPEN_FOR), now)
    _remember(tx, order, before.isoformat())
    claim = Claim(id=new_id())
    sealed.seal(tx, claim, "policy_no", number)
    values = {
        "id": claim.id, "created_at": now, "updated_at": now, "version": 1, "claim_no": rules.number("CLM", now),
        "order_id": order_id, "live_order_id": order_id, "user_id": order.user_id, "insurer": insurer,
        "holder": holder, "policy_no": claim.policy_no, "amount": order.amount,
        "policy_tail": number[-TAIL:] if len(number) >= LONG_ENOUGH else None, "currency": order.currency,
        "status": "submitted", "submitted_by": actor.id,
    }  # fmt: skip
    try:
        tx.execute(insert(Claim.__table__), values)
    except IntegrityError as error:
        if "live_order_id" in str(error.orig):
            raise ClaimOpen() from None
        raise
    _noted(tx, actor, "write", claim.id, order, "submitted", now)
    emit(tx, ClaimSubmitted(order_id=order_id, subject=order.subject), now)
    changed(tx, "claims", f"orders:{order.user_id}", f"order:{order_id}")
    return claim.id


def approve(tx: Session, actor: Actor, claim_id: str, reference: str | None, now: datetime) -> None:
    """The insurer will pay: the order is paid, and the insurer owes it. Refused: others, a second time, an order that
    was paid or closed meanwhile."""
    order, _ = _locked(tx, actor, claim_id)
    decided = {"decided_by": actor.id, "decided_at": now, "insurer_reference": (reference or "").strip() or None}
    _turn(tx, claim_id, "submitted", now, status="approved", **decided)
    _noted(tx, actor, "write", claim_id, order, "approved", now)
    paying.settle_insured(tx, actor, order, now)
    changed(tx, "claims")


def reject(tx: Session, actor: Actor, claim_id: str, note: str, now: datetime) -> None:
    """The insurer will not pay, for a reason; the order is its payer's to pay again. Refused: others, a second time."""
    order, _ = _locked(tx, actor, claim_id)
    decided = {"decided_by": actor.id, "decided_at": now, "note": note[:500], "live_order_id": None}
    _turn(tx, claim_id, "submitted", now, status="rejected", **decided)
    _noted(tx, actor, "write", claim_id, order, "rejected", now)
    _payable_again(tx, order, now)


def withdraw(tx: Session, actor: Actor, claim_id: str, note: str | None, now: datetime) -> None:
    """The patient does not want the insurer to be asked any more. Refused: others, what was decided."""
    order, _ = _locked(tx, actor, claim_id)
    decided = {"decided_by": actor.id, "decided_at": now, "note": note and note[:500], "live_order_id": None}
    _turn(tx, claim_id, "submitted", now, status="withdrawn", **decided)
    _noted(tx, actor, "write", claim_id, order, "withdrawn", now)
    _payable_again(tx, order, now)


def overtaken(tx: Session, order_id: str, now: datetime) -> None:
    """The order was paid another way: nobody is asked for it any more."""
    order = _order(tx, order_id)
    if order is None or order.payment_method in (None, "insurance"):
        return
    ask_no_insurer(tx, order_id, N_("Paid another way."), now)


def settle(tx: Session, actor: Actor, claim_id: str, now: datetime) -> int:
    """The insurer's money is on the clinic's bank account: what it owed, less what was paid back meanwhile; returned
    in minor units. Refused: others, a second time, what was not granted."""
    order, claim = _locked(tx, actor, claim_id)
    _turn(tx, claim_id, "approved", now, status="settled", settled_at=now)
    _noted(tx, actor, "write", claim_id, order, "settled", now)
    came = int(claim.amount) - _forgiven(tx, order.id)
    if came > 0:
        lines = [(BANK, claim.currency, came), (paying.RECEIVABLE, claim.currency, -came)]
        ledger.book(tx, f"insured:{claim_id}", "insured", lines, now, ref=("order", order.id))
    changed(tx, "claims")
    return came


def claim_list(
    tx: Session, actor: Actor, filters: ClaimFilters, *, after: str | None = None, limit: int | None = None
) -> Slice[ClaimLine]:
    """Newest first, for the desk."""
    _desk(actor)
    found, following = keyset(tx, queries.claims(filters), NEWEST, after, limit)
    return Slice([_line(row) for row in found], following)


def waiting(tx: Session, actor: Actor) -> dict[str, int]:
    _desk(actor)
    return queries.open_claims(tx)


def one(tx: Session, actor: Actor, claim_id: str, now: datetime) -> ClaimLine:
    """Somebody opens a claim, and that stands in the trail."""
    _desk(actor)
    found = tx.execute(queries.CLAIMS.where(Claim.id == claim_id)).first()
    if found is None:
        raise NoSuchClaim()
    _noted(tx, actor, "read", claim_id, found, "", now)
    return _line(found)


def policy_no(tx: Session, actor: Actor, claim_id: str, now: datetime) -> str:
    """The whole number, for the insurer's form. Who asked for it stands in the trail."""
    _desk(actor)
    found = tx.get(Claim, claim_id)
    if found is None:
        raise NoSuchClaim()
    _noted(tx, actor, "print", claim_id, tx.get_one(Order, found.order_id), "policy number", now)
    return sealed.unseal(tx, found, "policy_no") or ""


def claims_csv(tx: Session, actor: Actor, filters: ClaimFilters) -> Iterator[str]:
    """Every claim that fits, in pieces."""
    _desk(actor)
    yield BOM + csv_line(COLUMNS)
    after: str | None = None
    while True:
        part = claim_list(tx, actor, filters, after=after, limit=100)
        yield "".join(csv_line(_cell(line, name) for name in COLUMNS) for line in part.items)
        after = part.next
        if after is None:
            return


def _cell(line: ClaimLine, name: str) -> Any:
    value = getattr(line, name)
    return money.plain(value) if name == "amount" else value


def _line(row: Any) -> ClaimLine:
    claim = row.Claim
    own = {name: getattr(claim, name) for name in ClaimLine.__struct_fields__ if hasattr(claim, name)}
    others = {name: getattr(row, name) for name in ClaimLine.__struct_fields__ if name not in own and name != "policy"}
    return ClaimLine(**own, **others, policy=f"…{claim.policy_tail or ''}")


def _noted(tx: Session, actor: Actor, action: str, claim_id: str, order: Any, purpose: str, now: datetime) -> None:
    """`order` is whatever knows whose visit it is."""
    audit.seen(tx, actor, action, KIND, claim_id, order.patient_profile_id, purpose, now=now)


def _desk(actor: Actor) -> None:
    if actor.role not in ("admin", "system"):
        raise Forbidden("Insurers are asked at the desk.")


def _order(tx: Session, order_id: str) -> Any:
    return tx.get(Order, order_id, with_for_update=True, populate_existing=True)


def _locked(tx: Session, actor: Actor, claim_id: str) -> tuple[Any, Any]:
    """The order, held, and then the claim; for the desk."""
    _desk(actor)
    order_id = tx.scalar(select(Claim.order_id).where(Claim.id == claim_id))
    if order_id is None:
        raise NoSuchClaim()
    return _order(tx, order_id), tx.get_one(Claim, claim_id, populate_existing=True)


def _turn(tx: Session, claim_id: str, source: str, now: datetime, **values: Any) -> None:
    mine = update(Claim).where(Claim.id == claim_id, Claim.status == source)
    if not rows(tx, mine.values(**values, version=Claim.version + 1, updated_at=now)):
        raise ClaimDecided(state=tx.scalar(select(Claim.status).where(Claim.id == claim_id)))


def _payable_again(tx: Session, order: Any, now: datetime) -> None:
    """The order lives until when it would have lived, a day from now at least."""
    before = (order.meta or {}).get("before_claim")
    if order.status == "pending" and before:
        defer(tx, order.id, max(datetime.fromisoformat(before), now + PAYABLE_AGAIN), now)
        _remember(tx, order, None)
    changed(tx, "claims", f"orders:{order.user_id}", f"order:{order.id}")


def _remember(tx: Session, order: Any, until: str | None) -> None:
    meta = {name: value for name, value in (order.meta or {}).items() if name != "before_claim"}
    if until:
        meta["before_claim"] = until
    rows(tx, update(Order).where(Order.id == order.id).values(meta=meta or None))


def _forgiven(tx: Session, order_id: str) -> int:
    """What went back of an order while the insurer still owed it."""
    gone = (
        select(Refund.refund_amount)
        .join(Transaction, Transaction.id == Refund.transaction_id)
        .where(Refund.order_id == order_id, Refund.status == "success", Transaction.payment_method == "insurance")
    )
    return sum(tx.scalars(gone))
