"""What an evaluation looks at: the lines of a prescription, those of others taken on the same days, and what is in
them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from suwen.prescribing.rules.findings import Item, Person, Policy, Prescribed
from suwen.prescribing.rules.reference import Ingredient, Piece, Product, Reference

YEAR = Decimal("365.25")
LONGEST = 3660  # days; whoever writes more than ten years means for ever


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """An item where it stands, with what it is (neither piece nor product: unknown) and its first and last day."""

    place: int
    item: Item
    rx: Prescribed
    own: bool
    piece: Piece | None
    product: Product | None
    first: date
    last: date

    @property
    def label(self) -> str:
        return "" if self.own else self.rx.label

    @property
    def code(self) -> str:
        if self.piece:
            return self.piece.code
        return self.product.code if self.product else self.item.name

    @property
    def zh(self) -> str:
        if self.piece:
            return self.piece.name
        return (self.product.zh or self.product.name) if self.product else self.item.name

    @property
    def en(self) -> str:
        if self.piece:
            return english(self.piece)
        return self.product.name if self.product else self.item.name

    def meets(self, other: "Line") -> bool:
        """Whether both are taken on some day. A day that is not known may be any."""
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True, slots=True, eq=False)
class Carrier:
    """A piece or an ingredient, and the line that brings it: itself, or a product that it is part of."""

    line: Line
    code: str
    substance: Piece | Ingredient | None = None

    @property
    def inside(self) -> bool:
        return self.line.product is not None and self.substance is not None

    @property
    def zh(self) -> str:
        if self.substance is None:
            return self.line.zh
        name = self.substance.name if isinstance(self.substance, Piece) else self.substance.zh
        return f"{self.line.zh}（含{name}）" if self.inside and name not in self.line.zh else self.line.zh

    @property
    def en(self) -> str:
        if self.substance is None:
            return self.line.en
        name = english(self.substance) if isinstance(self.substance, Piece) else self.substance.name
        return f"{self.line.en} (contains {name})" if self.inside and name not in self.line.en else self.line.en


def english(piece: Piece) -> str:
    return f"{piece.pinyin} ({piece.name})" if piece.pinyin else piece.name


@dataclass(slots=True)
class Case:
    """One evaluation. `carriers` finds who brings a piece, an ingredient, a product, a "class:..." or a
    "family:..."."""

    reference: Reference
    rx: Prescribed
    person: Person
    policy: Policy
    own: tuple[Line, ...]
    others: tuple[Line, ...]
    carriers: dict[str, list[Carrier]] = field(default_factory=dict)

    @property
    def years(self) -> int | None:
        return None if self.person.age_days is None else int(self.person.age_days / YEAR)

    @property
    def child(self) -> bool:
        return self.years is not None and self.years < self.policy.child_below

    @property
    def oral(self) -> bool:
        return self.rx.form != "external"

    def pieces(self) -> Iterator[tuple[Line, Piece]]:
        """Pieces that are prescribed as such."""
        return ((line, line.piece) for line in self.own if line.piece)

    def products(self) -> Iterator[tuple[Line, Product]]:
        return ((line, line.product) for line in self.own if line.product)

    def substances(self) -> Iterator[Carrier]:
        """Of the own lines: each piece and each ingredient once, in whatever line it is."""
        for key, carriers in self.carriers.items():
            if ":" not in key:
                yield from (one for one in carriers if one.line.own and one.substance)


def case(
    reference: Reference, rx: Prescribed, person: Person, others: Sequence[Prescribed], policy: Policy
) -> Case:  # fmt: skip
    own = tuple(_lines(reference, rx, True))
    beside = tuple(  # sorted, so that what is said does not depend on how they were given
        line
        for other in sorted(others, key=lambda rx: rx.label)
        for line in _lines(reference, other, False)
        if any(line.meets(one) for one in own)
    )
    found: defaultdict[str, list[Carrier]] = defaultdict(list)
    for line in (*own, *beside):
        for key, carrier in _carried(reference, line):
            found[key].append(carrier)
    return Case(reference, rx, person, policy, own, beside, dict(found))


def _lines(reference: Reference, rx: Prescribed, own: bool) -> Iterator[Line]:
    for place, item in enumerate(rx.items):
        first, last = _span(rx, item)
        yield Line(place, item, rx, own, reference.pieces.get(item.code), reference.products.get(item.code),
                   first, last)  # fmt: skip


def _span(rx: Prescribed, item: Item) -> tuple[date, date]:
    """The days of a line: its own where they are counted, else the prescription's. What is taken as needed lies about
    until the prescription ends."""
    first, last = rx.first_day or date.min, rx.last_day or date.max
    if rx.first_day and item.days and item.days <= LONGEST and not item.as_needed and rx.kind != "herbal":
        last = rx.first_day + timedelta(days=item.days - 1)
    return first, max(first, last)


def _carried(reference: Reference, line: Line) -> Iterator[tuple[str, Carrier]]:
    codes: Iterable[str] = ()
    if line.piece:
        codes = (line.piece.code,)
    elif line.product:
        yield line.product.code, Carrier(line, line.product.code)
        codes = dict.fromkeys((*line.product.pieces, *(code for code, _ in line.product.ingredients)))
    for code in codes:
        piece, ingredient = reference.pieces.get(code), reference.ingredients.get(code)
        substance = piece or ingredient
        if substance is None:
            continue  # the loader has refused it
        carrier = Carrier(line, code, substance)
        yield code, carrier
        if piece:
            yield f"family:{piece.family}", carrier
        for one in ingredient.classes if ingredient else ():
            yield f"class:{one}", carrier


def peak(amounts: Sequence[tuple[Line, Decimal]]) -> tuple[Decimal, list[Line]]:
    """The most that is taken on one day on which this prescription is taken too, and of which lines."""
    best: tuple[Decimal, list[Line]] = (Decimal(0), [])
    for day in sorted({line.first for line, _ in amounts}):
        there = [(line, amount) for line, amount in amounts if line.first <= day <= line.last]
        total = sum((amount for _, amount in there), Decimal(0))
        if total > best[0] and any(line.own for line, _ in there):
            best = total, [line for line, _ in there]
    return best
