"""What somebody who takes a medicine should know, in plain words. Not what was found about the prescription: that is
between doctor and pharmacist; this is what is left to do right at home."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from suwen.prescribing.rules.decocting import is_aconite
from suwen.prescribing.rules.reference import Piece, Product, Reference
from suwen.prescribing.rules.wording import chinese, plain

Line = Mapping[str, Any]
FERTILE = range(12, 56)


@dataclass(frozen=True)
class Advice:
    """`grave`: harm is near when it is not heeded."""

    text: str
    grave: bool = False


def advice(
    medicines: Sequence[Line], reference: Reference, locale: str, *, sex: str | None = None, age: int | None = None,
    outside: bool = False,
) -> list[Advice]:  # fmt: skip
    """The gravest first. `age` in years; unknown sex or age is taken for the one that needs the warning."""
    pieces = [reference.pieces[code] for code in _codes(medicines) if code in reference.pieces]
    products = [reference.products[code] for code in _codes(medicines) if code in reference.products]
    zh = chinese(locale)
    said = [*_poison(medicines, pieces, reference, zh, outside)]
    if sex in (None, "female", "other") and (age is None or age in FERTILE):
        said += _pregnancy(pieces, products, reference, zh)
    said += _painkillers(products, reference, zh)
    said += _needed(medicines, zh)
    return sorted(said, key=lambda one: not one.grave)


def _codes(medicines: Sequence[Line]) -> list[str]:
    return [str(line["code"]) for line in medicines if line.get("code")]


def _poison(
    medicines: Sequence[Line], pieces: Sequence[Piece], reference: Reference, zh: bool, outside: bool
) -> list[Advice]:
    aconites = "、".join(str(line.get("name")) for line in medicines if is_aconite(line, reference))
    said = []
    if aconites and not outside:
        said.append(Advice(
            f"{aconites}有毒：必须先煎、久煎至少一小时。服后口舌发麻、心慌、恶心，立即停用就医。" if zh else
            f"{aconites} is poisonous unless it has cooked for at least an hour, before the others. If mouth or tongue "
            "go numb, the heart races or you feel sick: stop, and get medical help at once.", True,
        ))  # fmt: skip
    strong = [piece.name for piece in pieces if piece.toxicity in ("有毒", "大毒") and piece.name not in aconites]
    if strong:
        names = "、".join(strong)
        said.append(Advice(
            f"{names}药性猛：只按处方上的量和天数用，不要自行加量或延长。" if zh else
            f"{names} is strong: take exactly what is written, not more of it and not for longer.", True,
        ))  # fmt: skip
    return said


def _pregnancy(
    pieces: Sequence[Piece], products: Sequence[Product], reference: Reference, zh: bool
) -> list[Advice]:  # fmt: skip
    classes = {one.pregnancy for one in pieces} | {one.pregnancy for one in products}
    classes |= {reference.ingredients[code].pregnancy for one in products for code, _ in one.ingredients
                if code in reference.ingredients}  # fmt: skip
    if classes & {"forbidden", "avoid"}:
        return [Advice(
            "怀孕或可能怀孕者不要服用：先告诉医生。" if zh else
            "Do not take it if you are pregnant or might be: tell the doctor first.", True,
        )]  # fmt: skip
    if "caution" in classes:
        return [Advice(
            "怀孕或可能怀孕者，服用前先问医生。" if zh else
            "If you are pregnant or might be, ask the doctor before you take it.",
        )]  # fmt: skip
    return []


def _painkillers(products: Sequence[Product], reference: Reference, zh: bool) -> list[Advice]:
    if not any(code == "paracetamol" for one in products for code, _ in one.ingredients):
        return []
    return [Advice(
        "含对乙酰氨基酚：不要同时再吃其他感冒药、退烧药或止痛药，除非医生同意。" if zh else
        "It contains paracetamol: take no other medicine for colds, fever or pain besides, unless the doctor "
        "agrees.", True,
    )]  # fmt: skip


def _needed(medicines: Sequence[Line], zh: bool) -> list[Advice]:
    said = []
    for line in medicines:
        if line.get("as_needed") and line.get("most_per_day"):
            most, name = plain(line["most_per_day"]), line.get("name")
            said.append(Advice(f"{name}：一天最多{most}次。" if zh else f"{name}: at most {most} times a day."))
    return said
