"""Invariant 9: what stands in a gateway's clearing account is what that gateway has not settled yet."""

from collections import defaultdict
from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from suwen.payments import matching
from suwen.payments.models import (
    GATEWAYS,
    Journal,
    LedgerAccount,
    Posting,
    Reconciliation,
    Transaction,
)
from suwen.payments.service.channels import GATEWAY_OF
from suwen.payments.service.reconciling.resolving import clearing, settlement

BOOKED_HERE = ("reconcile", "fee", "settle")
Amounts = dict[tuple[str, str], int]


def settlement_faults(tx: Session) -> Iterator[str]:
    """In words, none when all is right: per channel and currency, then per settled day."""
    expected, there = _not_settled(tx), _clearing(tx)
    for gateway, code in sorted(expected.keys() | there.keys()):
        says, is_ = expected.get((gateway, code), 0), there.get((gateway, code), 0)
        if says != is_:
            yield f"{clearing(gateway)} in {code} holds {is_}, {says} is not settled yet"
    yield from _days(tx)


def _not_settled(tx: Session) -> Amounts:
    """Paid less paid back, brought to the bills by what was booked for differences, less what was settled."""
    found: Amounts = defaultdict(int)
    done = (
        select(
            Transaction.payment_method, Transaction.currency, Transaction.transaction_type,
            func.sum(Transaction.amount),
        )
        .where(Transaction.status == "success", Transaction.payment_method.in_(GATEWAY_OF))
        .group_by(Transaction.payment_method, Transaction.currency, Transaction.transaction_type)
    )  # fmt: skip
    for method, code, kind, amount in tx.execute(done):
        found[GATEWAY_OF[method], code] += matching.sign(kind) * int(amount)
    for gateway, code, _, amount in _booked(tx):
        found[gateway, code] += amount
    return found


def _clearing(tx: Session) -> Amounts:
    accounts = {clearing(gateway): gateway for gateway in GATEWAYS}
    found = select(LedgerAccount.code, LedgerAccount.currency, LedgerAccount.balance_minor)
    rows = tx.execute(found.where(LedgerAccount.code.in_(accounts)))
    return {(accounts[code], currency): int(balance) for code, currency, balance in rows}


def _booked(tx: Session) -> list[tuple[str, str, str, int]]:
    """(channel, currency, id of the day or line, amount) of what was booked into clearing by reconciling."""
    accounts = {clearing(gateway): gateway for gateway in GATEWAYS}
    found = (
        select(LedgerAccount.code, Posting.currency, Journal.ref_id, func.sum(Posting.amount_minor))
        .join(Posting, Posting.journal_id == Journal.id)
        .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
        .where(Journal.kind.in_(BOOKED_HERE), LedgerAccount.code.in_(accounts))
        .group_by(LedgerAccount.code, Posting.currency, Journal.ref_id)
    )
    return [(accounts[code], currency, str(ref), int(amount)) for code, currency, ref, amount in tx.execute(found)]


def _days(tx: Session) -> Iterator[str]:
    """What was booked for a settled day is what its lines say."""
    booked = {(ref, code): amount for _, code, ref, amount in _booked(tx)}
    settled = select(Reconciliation.id, Reconciliation.gateway, Reconciliation.day)
    for id, gateway, day in tx.execute(settled.where(Reconciliation.status == "settled")).all():
        for code, one in settlement(tx, id).items():
            if booked.get((id, code), 0) != -(one.fee + one.net):
                yield f"{gateway}, {day}: the settlement in {code} is not what its lines say"
