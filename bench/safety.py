"""What a safety evaluation and a look-up by typing cost: one process, one thread, nothing but the rules."""

import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice

from suwen.prescribing.reference import reference
from suwen.prescribing.rules.findings import Item, Person, Prescribed
from suwen.prescribing.rules.reference import Reference
from suwen.prescribing.rules.resolver import suggest
from suwen.prescribing.rules.safety import evaluate

TIMES = 200
TYPED = (
    ("herbal", "fz"),
    ("herbal", "gan"),
    ("herbal", "附"),
    ("herbal", "huangqi"),
    ("general", "amx"),
    ("general", "阿"),
)
PERSON = Person(
    sex="female",
    age_days=30 * 365,
    weight_kg=Decimal(55),
    allergies=("青霉素", "海鲜"),
    conditions=frozenset({"renal"}),
)
NASTY = ("fuzi", "fabanxia", "gancao", "zhusha", "sanleng", "mahuang", "dahuang", "xixin", "lilu", "danshen")


def report() -> None:
    """Milliseconds; as many findings as there are is the harder case, so that the items hold quarrels."""
    known = reference()
    print(f"\nsafety engine and type-ahead: ms of {TIMES}, reference {known.version}")
    print(f"{'':32}{'p50':>8}{'p99':>8}")
    for count in (10, 30, 60):
        rx, others = formula(known, count), beside(known)
        line(f"evaluate {count} items", lambda rx=rx: evaluate(known, rx, PERSON))
        line(f"evaluate {count}, 2 others", lambda rx=rx, others=others: evaluate(known, rx, PERSON, others))
    for kind, typed in TYPED:
        line(f"type {typed} ({kind})", lambda kind=kind, typed=typed: suggest(known, typed, kind))


def formula(known: Reference, count: int) -> Prescribed:
    first = date(2030, 1, 1)
    plain = (code for code in sorted(known.pieces) if code not in NASTY)
    codes = [*NASTY[: count // 3], *islice(plain, count - len(NASTY[: count // 3]))]
    items = tuple(Item(known.pieces[code].name, code, Decimal(12)) for code in codes)
    return Prescribed("herbal", items, doses=7, first_day=first, last_day=first + timedelta(days=6))


def beside(known: Reference) -> tuple[Prescribed, ...]:
    five = [code for code in sorted(known.products) if known.products[code].kind == "general"][:5]
    general = Prescribed(
        "general", tuple(Item(code, code, Decimal(1), times_per_day=Decimal(3), days=7) for code in five), form="other",
        label="RX1", first_day=date(2030, 1, 1), last_day=date(2030, 1, 7),
    )  # fmt: skip
    return general, replace(formula(known, 15), label="RX2")


def line(name: str, work: Callable[[], object]) -> None:
    work()
    took = []
    for _ in range(TIMES):
        began = time.perf_counter()
        work()
        took.append(1000 * (time.perf_counter() - began))
    print(f"{name:32}{statistics.median(took):8.2f}{sorted(took)[int(0.99 * TIMES)]:8.2f}", flush=True)


if __name__ == "__main__":
    report()
