"""A gateway's bill of one day held against what we have booked: pure, exact, the same in whatever order lines come.

Lines are paired by our number (of the attempt, or of the refund), else by the gateway's. A bill line finds its partner
on whatever day we booked it: we may learn of a payment hours after it was made. The other way round a booking is
missed on a bill only when the bill of each day that may hold it was compared and does not name it (`due`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any, Literal, Protocol

from suwen.payments.errors import BillUnusable

CHINA = timezone(timedelta(hours=8))
# Two clocks never agree: what we booked this close to midnight may stand on the bill of the day beyond it.
NEAR_MIDNIGHT = timedelta(minutes=15)
# When the bill of a day is there, counted from the end of that day in China.
READY = {"wechat": timedelta(hours=10), "alipay": timedelta(hours=10), "card": timedelta(hours=2)}
LARGEST = 9_999_999_999  # what DECIMAL(10,2) holds

Result = Literal["match", "amount_mismatch", "local_only", "gateway_only", "status_mismatch", "duplicate"]
Kind = Literal["payment", "refund"]
Resolution = Literal["ask_gateway", "suspense", "write_off", "refund", "accepted"]
RESULTS: tuple[Result, ...] = (
    "match", "amount_mismatch", "local_only", "gateway_only", "status_mismatch", "duplicate"
)  # fmt: skip
BOOKED = ("suspense", "write_off", "refund")  # these move money, by a journal

DONE = {"SUCCESS", "SUCCEEDED", "PAID", "TRADE_SUCCESS", "TRADE_FINISHED", "AVAILABLE"}
UNDERWAY = {"PROCESSING", "PENDING", "REQUIRES_ACTION", "USERPAYING"}
OURS = {"success": "done", "corrected": "done", "pending": "underway", "processing": "underway"}


class BillLine(Protocol):
    """A row of a bill, as `gateways.terms.Line` is one."""

    @property
    def kind(self) -> Kind: ...
    @property
    def out_no(self) -> str: ...
    @property
    def external_id(self) -> str: ...
    @property
    def amount(self) -> int: ...
    @property
    def currency(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def state(self) -> str: ...
    @property
    def fee(self) -> int: ...
    @property
    def out_refund_no(self) -> str: ...
    @property
    def external_refund_id(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Local:
    """A payment or a refund of ours. `due`: were it on any bill, it would be on this one or on one compared before."""

    kind: Kind
    number: str
    transaction_id: str
    external_id: str
    amount: int
    currency: str
    state: str
    at: datetime | None
    due: bool = False


@dataclass(frozen=True, slots=True)
class Compared:
    """What a run found out about one line. `line_key` is the same in every run: `#2` is its second row on the bill,
    `@HKD` the row of a bill that names another currency than we do."""

    line_key: str
    result: Result
    kind: Kind
    out_no: str
    external_id: str | None
    transaction_id: str | None
    local_amount: int | None
    bill_amount: int | None
    fee: int
    currency: str
    local_state: str | None
    bill_state: str | None
    happened_at: datetime | None

    @property
    def difference(self) -> tuple[Any, ...]:
        """While this stays the same, what a person said of it stays true."""
        return signature(self)


def signature(line: Any) -> tuple[Any, ...]:
    return (line.result, line.local_amount, line.bill_amount, line.currency, line.local_state, line.bill_state)


# ---- days


def bounds(day: date) -> tuple[datetime, datetime]:
    """[start, end) of a day in China, in UTC."""
    start = datetime.combine(day, time(), CHINA)
    return start.astimezone(UTC), (start + timedelta(days=1)).astimezone(UTC)


def day_in_china(moment: datetime) -> date:
    return moment.astimezone(CHINA).date()


def last_ready(gateway: str, now: datetime) -> date:
    """The newest day whose bill should be there."""
    return day_in_china(now - READY[gateway]) - timedelta(days=1)


def days_of(moment: datetime) -> set[date]:
    """The days in China whose bill may hold what we booked at this moment: one, near midnight two."""
    return {day_in_china(moment + by) for by in (-NEAR_MIDNIGHT, timedelta(0), NEAR_MIDNIGHT)}


def is_due(moment: datetime, day: date, compared: Iterable[date]) -> bool:
    """Whether a booking that is on no bill is missing: all the bills that may hold it are this one or were compared.

    Only the last of its days says so, that it is said once.
    """
    others = days_of(moment) - {day}
    return not others - set(compared) and all(other < day for other in others)


# ---- one line


def usable(line: BillLine) -> None:
    """A bill with sums that cannot be kept is not compared at all, rather than in part."""
    if abs(line.amount) > LARGEST or abs(line.fee) > LARGEST:
        raise BillUnusable()


def number_of(line: BillLine) -> str:
    return (line.out_refund_no if line.kind == "refund" else line.out_no).strip()


def external_of(line: BillLine) -> str:
    return (line.external_refund_id if line.kind == "refund" else line.external_id).strip()


def key_of(kind: str, number: str, external_id: str) -> str:
    return f"{kind}:{number[:100]}" if number else f"{kind}:~{external_id[:100]}"


def phase(state: str | None) -> str:
    """Of a state on a bill: done, underway or undone."""
    word = (state or "").upper()
    return "done" if word in DONE else "underway" if word in UNDERWAY else "undone"


def compare(bill: Iterable[BillLine], local: Iterable[Local], day: date) -> list[Compared]:
    """Every line of the bill with its partner, and what is due and not on it; by `line_key`."""
    ours = list(local)
    by_number = {(one.kind, one.number): one for one in ours}
    by_external = {(one.kind, one.external_id): one for one in ours if one.external_id}
    groups: dict[str, tuple[Local | None, list[BillLine]]] = {}
    for line in bill:
        usable(line)
        number, external = number_of(line), external_of(line)
        found = by_number.get((line.kind, number)) or by_external.get((line.kind, external))
        key = key_of(line.kind, found.number if found else number, external)
        groups.setdefault(key, (found, []))[1].append(line)
    _, end = bounds(day)
    made = [one for key, (found, lines) in groups.items() for one in _group(key, found, lines, end)]
    seen = {id(found) for found, _ in groups.values()}
    made += [_missing(one) for one in ours if one.due and id(one) not in seen]
    return sorted(made, key=lambda one: one.line_key)


def _group(key: str, found: Local | None, lines: list[BillLine], end: datetime) -> Iterable[Compared]:
    """The row that fits best is compared, every further one is a duplicate."""
    first, *more = sorted(lines, key=lambda line: _rank(line, found))
    if found and found.currency != first.currency:
        yield from _apart(key, first, found, end)
    else:
        yield _judged(key, first, found, False, end)
    for place, line in enumerate(more, 2):
        yield _judged(f"{key}#{place}", line, found, True, end)


def _apart(key: str, line: BillLine, found: Local, end: datetime) -> Iterable[Compared]:
    """Two currencies are never subtracted: the row of the bill has nothing of ours beside it, and what we booked is a
    line of its own. Each key keeps its currency, whatever a later bill says."""
    yield replace(_judged(f"{key}@{line.currency[:10]}", line, found, False, end), local_amount=None)
    if OURS.get(found.state) == "done":
        yield replace(_missing(found), line_key=key, result="amount_mismatch")


def _rank(line: BillLine, found: Local | None) -> tuple[Any, ...]:
    odd: tuple[bool, ...] = ()
    if found:
        odd = (line.currency != found.currency, external_of(line) != found.external_id, line.amount != found.amount)
    return (*odd, line.at, external_of(line), line.amount, line.currency, line.state, line.fee, line.out_no)


def _judged(key: str, line: BillLine, found: Local | None, again: bool, end: datetime) -> Compared:
    result: Result = "match"
    if again:
        result = "duplicate"
    elif found is None:
        result = "gateway_only"
    elif (found.amount, found.currency) != (line.amount, line.currency):
        result = "amount_mismatch"
    elif not _agree(found, line, end):
        result = "status_mismatch"
    external = external_of(line)
    number = found.number if found else number_of(line) or external
    return Compared(
        line_key=key, result=result, kind=line.kind, out_no=number[:64],
        external_id=external[:100] or None, transaction_id=found.transaction_id if found else None,
        local_amount=None if found is None or again else found.amount, bill_amount=line.amount, fee=line.fee,
        currency=line.currency[:10], local_state=None if found is None or again else found.state,
        bill_state=line.state[:40], happened_at=line.at,
    )  # fmt: skip


def _agree(found: Local, line: BillLine, end: datetime) -> bool:
    ours, theirs = OURS.get(found.state, "undone"), phase(line.state)
    if ours == "done" and theirs == "underway" and line.kind == "refund":
        # underway when the bill was made, and done since: no difference
        return found.at is not None and found.at >= end
    return ours == theirs


def _missing(one: Local) -> Compared:
    return Compared(
        line_key=key_of(one.kind, one.number, one.external_id), result="local_only", kind=one.kind,
        out_no=one.number[:64], external_id=one.external_id[:100] or None, transaction_id=one.transaction_id,
        local_amount=one.amount, bill_amount=None, fee=0, currency=one.currency, local_state=one.state,
        bill_state=None, happened_at=one.at,
    )  # fmt: skip


def corrected(line: Compared, by: int) -> Compared:
    """The line as it stands after we booked `by` for it while it looked otherwise: our side is larger by that."""
    held = (line.local_amount or 0) * (OURS.get(line.local_state or "") == "done") + by
    result: Result = "amount_mismatch" if line.bill_amount is not None else "local_only"
    return replace(
        line, local_amount=held, local_state="corrected",
        result="match" if held == billed(line) and line.result != "duplicate" else result,
    )  # fmt: skip


# ---- money of a line: positive for what came in by payments, and for what went out by refunds


def billed(line: Any) -> int:
    """What the bill's row moves. A refund that is underway has left the account already."""
    moved = ("done", "underway") if line.kind == "refund" else ("done",)
    return line.bill_amount or 0 if phase(line.bill_state) in moved else 0


def booked(line: Any) -> int:
    """What our books moved for it."""
    return line.local_amount or 0 if OURS.get(line.local_state or "") == "done" else 0


def missing(line: Any) -> int:
    """What our books lack to say what the bill says; negative where they have too much."""
    return billed(line) - booked(line)


def sign(kind: str) -> int:
    return 1 if kind == "payment" else -1


def ways(line: Any) -> tuple[Resolution, ...]:
    """How a difference may be resolved. Nothing that leaves our books and the bill apart without a word."""
    asked: tuple[Resolution, ...] = (
        ("ask_gateway",) if line.transaction_id and OURS.get(line.local_state or "") != "done" else ()
    )
    match line.result:
        case "match":
            return ()
        case "duplicate":
            return ("accepted", "suspense")
        case "gateway_only" if missing(line) and line.kind == "payment":
            return ("refund", "suspense", "write_off")
        case "local_only":
            return (*asked, "accepted", "suspense", "write_off")
    return (*asked, "suspense", "write_off") if missing(line) else (*asked, "accepted")


def settles(line: Any) -> int:
    """What of a resolved line the gateway pays out, signed: the bill's sum, but for rows that are no money."""
    if line.result == "local_only" or (line.result == "duplicate" and line.resolution == "accepted"):
        return 0
    return sign(line.kind) * billed(line)


def keeps(line: Any) -> int:
    """What the gateway keeps of a line for its work."""
    return 0 if line.result == "duplicate" and line.resolution == "accepted" else int(line.fee)


Sums = dict[str, dict[str, int]]
NAMES = ("local_paid", "local_refunded", "bill_paid", "bill_refunded", "fee", "held")


def sums(lines: Iterable[Any], held: Mapping[str, int]) -> Sums:
    """Both sides by currency, in minor units; `held` is how many bookings wait for the next day's bill."""
    made: Sums = {code: dict.fromkeys(NAMES, 0) | {"held": count} for code, count in held.items() if count}
    for line in lines:
        one = made.setdefault(line.currency, dict.fromkeys(NAMES, 0))
        word = "paid" if line.kind == "payment" else "refunded"
        if OURS.get(line.local_state or "") == "done" or (line.kind == "refund" and line.local_state == "processing"):
            one[f"local_{word}"] += line.local_amount or 0
        one[f"bill_{word}"] += billed(line)
        one["fee"] += line.fee
    return made
