"""The same twice on the same days: pieces, ingredients, therapeutic classes; here and in other prescriptions."""

from collections.abc import Iterator, Sequence

from suwen.prescribing.rules.case import Carrier, Case, Line
from suwen.prescribing.rules.findings import Finding, Severity
from suwen.prescribing.rules.reference import Ingredient, Piece
from suwen.prescribing.rules.saying import Rule, found, listed

INGREDIENT = Rule("duplicate_ingredient", "WARN", "One ingredient from two lines on the same days", "B-R3")
CLASS = Rule("duplicate_class", "WARN", "Two ingredients of one therapeutic class on the same days", "B-R3")
PRODUCT = Rule("duplicate_product", "WARN", "One product on two lines on the same days", "B-R3")
PIECE = Rule("duplicate_piece", "WARN", "One piece on two lines of a formula", "B-R3")
PIECE_BESIDE = Rule(
    "duplicate_piece_beside", "INFO, WARN for toxic pieces",
    "A piece that another active prescription, or a product, brings too", "B-R3",
)  # fmt: skip
FAMILY = Rule("duplicate_family", "INFO", "Two pieces of one species in a formula", "B-R3")
RULES = (INGREDIENT, CLASS, PRODUCT, PIECE, PIECE_BESIDE, FAMILY)


def findings(case: Case) -> Iterator[Finding]:
    for key, carriers in case.carriers.items():
        if len(carriers) < 2 or not any(carrier.line.own for carrier in carriers):
            continue
        kind, _, name = key.partition(":")
        if kind == "class" and name:
            yield from _class(case, name, carriers)
        elif kind == "family" and name:
            yield from _family(name, carriers)
        elif carriers[0].substance is None:
            yield from _product(carriers)
        elif isinstance(carriers[0].substance, Ingredient):
            yield from _ingredient(carriers[0].substance, carriers)
        else:
            yield from _piece(carriers[0].substance, carriers)


def _meeting(carriers: Sequence[Carrier]) -> list[Line]:
    """Lines that are taken on a day with another of them, an own one among the two."""
    lines = list(dict.fromkeys(carrier.line for carrier in carriers))
    return [
        line for line in lines if any(two is not line and (line.own or two.own) and line.meets(two) for two in lines)
    ]


def _ingredient(one: Ingredient, carriers: list[Carrier]) -> Iterator[Finding]:
    lines = _meeting(carriers)
    # the same product twice is said by its own rule, unless others bring the ingredient too
    if len({line.code for line in lines}) < 2:
        return
    zh_names, en_names = listed(lines)
    zh = f"重复用药：{zh_names} 都含{one.zh}。请删去其一或确认。"
    en = f"{en_names} all contain {one.name}. Take one out, or confirm."
    yield found(INGREDIENT, Severity.WARN, lines, zh, en, subject={one.code})


def _class(case: Case, name: str, carriers: list[Carrier]) -> Iterator[Finding]:
    lines = _meeting(carriers)
    codes = {carrier.code for carrier in carriers if any(carrier.line is line for line in lines)}
    if len(codes) < 2:
        return
    zh_names, en_names = listed(lines)
    zh = f"同类药物重复（{name.replace('_', ' ')}）：{zh_names}。请删去其一或确认。"
    en = f"Of one class ({name.replace('_', ' ')}): {en_names}. Take one out, or confirm."
    yield found(CLASS, Severity.WARN, lines, zh, en, subject={f"class-{name}"})


def _product(carriers: list[Carrier]) -> Iterator[Finding]:
    lines = _meeting(carriers)
    if len(lines) < 2:
        return
    others = [line for line in lines if not line.own]
    where, where_en = (
        (f"，另见处方 {others[0].label}", f", also in prescription {others[0].label}") if others else ("", "")
    )
    zh = f"{lines[0].zh} 重复{where}。请合并或确认。"
    en = f"{lines[0].en} is there twice{where_en}. Put the lines together, or confirm."
    yield found(PRODUCT, Severity.WARN, lines, zh, en)


def _piece(one: object, carriers: list[Carrier]) -> Iterator[Finding]:
    assert isinstance(one, Piece)
    lines = _meeting(carriers)
    written = [line for line in lines if line.own and line.piece]
    if len(written) > 1:
        zh = f"{one.name} 写了 {len(written)} 次。剂量按合计核对，请合并。"
        en = f"{written[0].en} is written {len(written)} times. The sum was checked: put the lines together."
        yield found(PIECE, Severity.WARN, written, zh, en)
    beside = [line for line in lines if not (line.own and line.piece)]
    if beside:
        severity = Severity.WARN if one.toxicity in ("有毒", "大毒") else Severity.INFO
        zh_names, en_names = listed(beside)
        zh = f"{one.name} 同时见于：{zh_names}。" + ("请确认合计剂量。" if severity is Severity.WARN else "")
        en = f"{one.name} is in {en_names} too." + (" Mind the sum." if severity is Severity.WARN else "")
        yield found(PIECE_BESIDE, severity, lines, zh, en, subject={one.code})


def _family(name: str, carriers: list[Carrier]) -> Iterator[Finding]:
    lines = [carrier.line for carrier in carriers if carrier.line.own and carrier.line.piece]
    if len({line.code for line in lines}) < 2:
        return
    zh_names, en_names = listed(lines)
    zh = f"{zh_names} 来源于同一药材。"
    en = f"{en_names} are of one species."
    yield found(FAMILY, Severity.INFO, lines, zh, en, subject={f"family-{name}"})
