"""Grams of pieces against their ranges. A range holds for its own basis and is never used for another."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from suwen.prescribing.rules.case import Case, Line, peak
from suwen.prescribing.rules.findings import Finding, Form, Severity
from suwen.prescribing.rules.methods import MAYBE_COOKED, TOXIC, method_of
from suwen.prescribing.rules.reference import Basis, Dose, Piece
from suwen.prescribing.rules.saying import Rule, act, cited, found, listed, number

HIGH = Rule("dose_high", "BLOCK_OVERRIDE, FORBID above the ceiling", "More than the range", "A-R6; 药品管理法 art. 58")
LOW = Rule("dose_low", "INFO", "Less than the range", "A-R6")
TOGETHER = Rule(
    "dose_together", "WARN; toxic pieces BLOCK_OVERRIDE, FORBID above the ceiling",
    "More than the range on one day, with other active prescriptions or other forms of a toxic species", "A-R6",
)  # fmt: skip
NO_RANGE = Rule(
    "dose_no_range", "INFO; BLOCK_OVERRIDE for a toxic piece that is taken, WARN for one on the skin",
    "No range for this form: not checked", "A-R6",
)  # fmt: skip
DECOCTED = Rule(
    "no_decoction",
    "FORBID; BLOCK_OVERRIDE for a toxic piece taken as powder with the decoction (冲服), or in a paste or liquid",
    "A piece that is not decocted, in a decoction", "A-R6; ChP",
)  # fmt: skip
RULES = (HIGH, LOW, TOGETHER, NO_RANGE, DECOCTED)

MOST_TIMES = Decimal(6)
DECOCTION: tuple[Basis, ...] = ("per_day_decoction",)
POWDER: tuple[Basis, ...] = ("per_day_powder", "per_dose_powder", "formula_batch")
SUMMED: tuple[Basis, ...] = (*DECOCTION, "per_day_powder", "per_dose_powder")  # a batch is one prescription's
BASES: dict[Form, tuple[Basis, ...]] = {
    "decoction": DECOCTION,
    "granules": DECOCTION,  # written in grams of the piece they are made of
    "liquid": DECOCTION,
    "paste": ("formula_batch", *DECOCTION),
    "powder": POWDER,
    "pill": POWDER,
    "capsule": POWDER,
    "tablet": POWDER,
    "external": ("external",),
    "other": (*DECOCTION, "per_day_powder", "per_dose_powder"),
}
WORDS: dict[Basis, tuple[str, str]] = {
    "per_day_decoction": ("每日", "a day"),
    "per_day_powder": ("散剂每日", "a day as powder"),
    "per_dose_powder": ("散剂每次", "at one time as powder"),
    "formula_batch": ("每料", "in one batch"),
    "external": ("外用", "externally"),
}


def findings(case: Case) -> Iterator[Finding]:
    by_code: dict[str, tuple[Piece, list[Line]]] = {}
    for line, piece in case.pieces():
        by_code.setdefault(piece.code, (piece, []))[1].append(line)
        yield from _decocted(case, line, piece)
    for piece, lines in by_code.values():
        yield from _alone(case, piece, lines)
        yield from _together(case, piece)


def ranges(line: Line, piece: Piece) -> list[Dose]:
    """The ranges that hold for how a line is taken: as decoction, or as powder, also beside a decoction (冲服)."""
    bases = BASES[line.rx.form]
    known = {dose.basis for dose in piece.doses}
    if line.rx.form in ("decoction", "granules") and method_of(line.item.method) == "冲服":
        bases = tuple(basis for basis in POWDER if basis in known) or bases
    return [dose for dose in piece.doses if dose.basis in bases]


def day_limit(line: Line, piece: Piece) -> Decimal | None:
    """The most in one day, by the ranges for this form."""
    limits = []
    for dose in ranges(line, piece):
        if dose.high is not None and dose.basis != "formula_batch":
            times = _times(line) if dose.basis == "per_dose_powder" else 1
            limits.append(dose.high * times)
    return min(limits, default=None)


def a_day(lines: Sequence[Line]) -> str:
    """Grams of these lines in a day, for the key of what has no limit to be compared with: a reason for 1 g is none
    for 30 g."""
    total = sum((_amount(line, "per_day_powder") for line in lines), Decimal(0))
    return number(total) if total else ""


def _times(line: Line) -> Decimal:
    """Not said is once: the strictest reading of a range for one time. Nobody takes a powder day and night: what is
    divided further than that is no smaller for it."""
    return min(line.item.times_per_day or Decimal(1), MOST_TIMES)


def _amount(line: Line, basis: Basis) -> Decimal:
    grams = line.item.amount or Decimal(0)
    if basis == "formula_batch":
        return grams
    a_day = grams * line.rx.doses_per_day
    return a_day / _times(line) if basis == "per_dose_powder" else a_day


def _alone(case: Case, piece: Piece, lines: list[Line]) -> Iterator[Finding]:
    by_basis: dict[Basis, tuple[list[Line], list[Dose]]] = {}
    bare = []
    for line in lines:
        suitable = ranges(line, piece)
        for dose in suitable:
            with_it, doses = by_basis.setdefault(dose.basis, ([], []))
            with_it.extend([] if line in with_it else [line])
            doses.extend([] if dose in doses else [dose])
        if not suitable:
            bare.append(line)
    if bare:
        yield _no_range(case, piece, bare)
    for basis, (with_it, doses) in by_basis.items():
        amount = sum((_amount(line, basis) for line in with_it), Decimal(0))
        if amount > 0:
            yield from _compared(case, piece, with_it, doses, amount)


def _compared(case: Case, piece: Piece, lines: list[Line], doses: list[Dose], amount: Decimal) -> Iterator[Finding]:
    lows, highs = [one.low for one in doses if one.low is not None], [one.high for one in doses if one.high is not None]
    low, high = min(lows, default=None), max(highs, default=None)
    basis, source = doses[0].basis, cited(doses[0].provenance)
    zh_basis, en_basis = WORDS[basis]
    line, given = lines[0], number(amount)
    said = {"dose": given, "basis": basis, "low": _said(low), "limit": _said(high)}
    if high is not None and amount > high:
        severity, ceiling = _how_bad(case, piece, amount, high)
        zh_act, en_act = _acts(severity, ceiling)
        if basis == "per_dose_powder" and any(one.item.times_per_day is None for one in lines):
            zh_act = f"未写明每日次数，按一次服完核对，请注明次数。{zh_act}"
            en_act = f"Times a day are not said and are taken for once: write them. {en_act}"
        zh = f"{line.zh} {zh_basis} {given} g，超过上限 {number(high)} g（{zh_basis} {_range(low, high)} g）。{zh_act}"
        en = (
            f"{line.en}: {given} g {en_basis} is more than {number(high)} "
            f"g (range {_range(low, high)} g {en_basis}). {en_act}"
        )
        yield found(HIGH, severity, lines, zh, en, source=source, **said)
    elif low is not None and amount < low:
        zh = f"{line.zh} {zh_basis} {given} g，低于常用量 {_range(low, high)} g。"
        en = f"{line.en}: {given} g {en_basis} is less than usual ({_range(low, high)} g)."
        yield found(LOW, Severity.INFO, lines, zh, en, source=source, **said)


def _how_bad(case: Case, piece: Piece, amount: Decimal, high: Decimal) -> tuple[Severity, Decimal | None]:
    factor = case.policy.ceiling.get(piece.toxicity)
    ceiling = high * factor if factor is not None else None
    if ceiling is not None and amount > ceiling:
        return Severity.FORBID, ceiling
    return Severity.BLOCK_OVERRIDE, ceiling


def _acts(severity: Severity, ceiling: Decimal | None) -> tuple[str, str]:
    if severity is Severity.FORBID and ceiling is not None:
        limit = number(ceiling)
        return (
            f"已超过绝对上限 {limit} g，不能签名，请减量。",
            f"Above the ceiling of {limit} g it cannot be signed: lower it.",
        )
    return "请减量，或" + act(severity)[0].removeprefix("如确需使用，请"), f"Lower it. {act(severity)[1]}"


def _together(case: Case, piece: Piece) -> Iterator[Finding]:
    """Each within its range, but taken on the same day: from two prescriptions, or a toxic species in two forms (附子
    and 黑顺片). Each basis for itself; powders for one time are taken to be taken at the same time."""
    key = f"family:{piece.family}" if piece.toxicity in TOXIC else piece.code
    for basis in SUMMED:
        amounts, doses = [], []
        for line in (carrier.line for carrier in case.carriers[key]):
            limits = [dose for dose in ranges(line, line.piece) if dose.basis == basis] if line.piece else []
            if any(dose.high is not None for dose in limits):
                amounts.append((line, _amount(line, basis)))
                doses += limits
        yield from _summed(case, piece, basis, amounts, doses)


def _summed(
    case: Case, piece: Piece, basis: Basis, amounts: list[tuple[Line, Decimal]], doses: list[Dose]
) -> Iterator[Finding]:  # fmt: skip
    toxic = piece.toxicity in TOXIC
    total, lines = peak(amounts)
    high = max((dose.high for dose in doses if dose.high is not None), default=None)
    if high is None or total <= high or len({(line.label, line.code) for line in lines}) < 2:
        return
    severity, ceiling = _how_bad(case, piece, total, high)
    severity = severity if toxic else Severity.WARN
    zh_act, en_act = _acts(severity, ceiling) if toxic else act(severity)
    zh_names, en_names = listed(lines)
    zh_basis, en_basis = WORDS[basis]
    zh = f"{zh_names} 合计{zh_basis} {number(total)} g，超过上限 {number(high)} g。{zh_act}"
    en = f"{en_names}: together {number(total)} g {en_basis}, more than {number(high)} g. {en_act}"
    subject = {f"family-{piece.family}"} if toxic else {piece.code}
    yield found(TOGETHER, severity, lines, zh, en, subject=subject, source=min(cited(one.provenance) for one in doses),
                dose=number(total), basis=basis, limit=number(high))  # fmt: skip


def _no_range(case: Case, piece: Piece, lines: list[Line]) -> Finding:
    """External use is by measure of the doctor, who reads that a toxic piece goes through the skin; what is toxic and
    swallowed without a known range is prescribed with a reason or not at all."""
    toxic = Severity.BLOCK_OVERRIDE if case.oral else Severity.WARN
    severity = toxic if piece.toxicity in TOXIC else Severity.INFO
    other = "、".join(f"{WORDS[one.basis][0]} {_range(one.low, one.high)} g" for one in piece.doses)
    other_en = ", ".join(f"{_range(one.low, one.high)} g {WORDS[one.basis][1]}" for one in piece.doses)
    zh = (
        f"{piece.name} 没有此剂型的用量范围，剂量未核对"
        + (f"（另有：{other}）" if other else "")
        + f"。{act(severity)[0]}"
    )
    en = f"{lines[0].en} has no range for this form: its dose was not checked" + (
        f" (known: {other_en})" if other else ""
    )
    return found(NO_RANGE, severity, lines, zh, f"{en}. {act(severity)[1]}".rstrip(), source=cited(piece.provenance),
                 dose=a_day(lines))  # fmt: skip


def _decocted(case: Case, line: Line, piece: Piece) -> Iterator[Finding]:
    form, powder = case.rx.form, method_of(line.item.method) == "冲服"
    if not piece.no_decoction or (form != "decoction" and (form not in MAYBE_COOKED or powder)):
        return
    if form != "decoction":
        if piece.toxicity in TOXIC:
            yield _maybe_cooked(line, piece)
    elif not powder:
        zh = f"{line.zh} 不宜入煎剂。请改为丸、散剂，或注明冲服。"
        en = f"{line.en} is not to be decocted. Prescribe it as pills or powder, or to be taken with the liquid (冲服)."
        yield found(DECOCTED, Severity.FORBID, [line], zh, en, source=cited(piece.provenance))
    elif piece.toxicity in TOXIC:
        zh_act, en_act = act(Severity.BLOCK_OVERRIDE)
        zh = f"{line.zh}（{piece.toxicity}）随汤剂冲服，不入煎。{zh_act}"
        en = f"{line.en} ({piece.toxicity}) taken as powder with a decoction, not decocted. {en_act}"
        yield found(DECOCTED, Severity.BLOCK_OVERRIDE, [line], zh, en, source=cited(piece.provenance),
                    dose=a_day([line]))  # fmt: skip


def _maybe_cooked(line: Line, piece: Piece) -> Finding:
    """Wine and paste are made in many ways: it is for the doctor to say that this one is not boiled."""
    zh_act, en_act = act(Severity.BLOCK_OVERRIDE)
    zh = f"{line.zh}（{piece.toxicity}）不宜煎煮，而此剂型可能经煎煮。请改为丸、散剂，或注明冲服；{zh_act}"
    en = (
        f"{line.en} ({piece.toxicity}) is not to be boiled, and this form may be. Prescribe it as pills or powder, or "
        f"to be taken with the liquid (冲服). {en_act}"
    )
    return found(DECOCTED, Severity.BLOCK_OVERRIDE, [line], zh, en, source=cited(piece.provenance),
                 dose=a_day([line]))  # fmt: skip


def _said(value: Decimal | None) -> str:
    return "" if value is None else number(value)


def _range(low: Decimal | None, high: Decimal | None) -> str:
    parts: Sequence[str] = [number(one) for one in (low, high) if one is not None]
    return "–".join(parts) or "?"
