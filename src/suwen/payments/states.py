"""What an order and an attempt may become, and when a gateway is asked: no database, no clock.

Orders go one way. The one step back is money that came late: a verified payment of an order that was given up makes it
paid, and whoever sold the subject decides whether it is delivered after all or paid back.
"""

from datetime import datetime, timedelta

Moves = dict[str, frozenset[str]]

ORDER: Moves = {
    "pending": frozenset({"paid", "cancelled", "expired"}),
    "paid": frozenset({"partial_refunded", "refunded"}),
    "partial_refunded": frozenset({"partial_refunded", "refunded"}),
    "refunded": frozenset(),
    "expired": frozenset({"paid"}),
    "cancelled": frozenset({"paid"}),
}
LATE = frozenset({"expired", "cancelled"})
ATTEMPT: Moves = {
    "begun": frozenset({"offered", "closing", "failed", "paid"}),
    "offered": frozenset({"closing", "closed", "paid"}),
    "closing": frozenset({"closed", "paid"}),
    # what was given up here may have been paid there, a moment before
    "closed": frozenset({"paid"}),
    "failed": frozenset({"paid"}),
    "paid": frozenset(),
}
OPEN = ("begun", "offered", "closing")

# A report may be lost: an attempt is asked about so long after it began, then every ten minutes until it ends.
ASKED_AFTER = tuple(timedelta(seconds=seconds) for seconds in (30, 60, 120, 300, 600))
# The payer waits in front of the page while the answer to our offer is unknown.
OFFERED_AGAIN = tuple(timedelta(seconds=seconds) for seconds in (2, 5, 10, 20, 30, 60))
CLOSED_AGAIN = tuple(timedelta(seconds=seconds) for seconds in (5, 15, 30, 60, 120, 300, 600))
PATIENCE = timedelta(seconds=3)  # between two questions that a payer asks for
H5_LIVES = timedelta(minutes=5)  # the address of WeChat's own page; what was begun there can be paid longer
LONGEST_ATTEMPT = timedelta(hours=2)  # as long as WeChat's offers live


class IllegalMove(AssertionError):
    """A bug: the guard of a write should have refused it."""


def move(table: Moves, was: str, to: str) -> str:
    if to not in table[was]:
        raise IllegalMove(f"{was} does not become {to}")
    return to


def before(table: Moves, to: str) -> tuple[str, ...]:
    """The states from which `to` can be reached in one step: the guard of an UPDATE."""
    return tuple(state for state, following in table.items() if to in following)


def ask_next(phase: str, asks: int, began: datetime, ends: datetime, now: datetime) -> datetime:
    """When to ask the gateway again, after `asks` questions in this phase. At its end an offer is to be closed."""
    if phase == "offered":
        following = (began + after for after in ASKED_AFTER if began + after > now)
        return min(next(following, now + ASKED_AFTER[-1]), max(ends, now))
    pauses = OFFERED_AGAIN if phase == "begun" else CLOSED_AGAIN
    return now + pauses[min(asks, len(pauses) - 1)]
