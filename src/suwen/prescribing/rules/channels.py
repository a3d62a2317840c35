"""What may not be prescribed at all, not online, or only as the order on toxic medicines allows."""

from collections.abc import Iterator
from decimal import Decimal

from suwen.prescribing.rules.case import Carrier, Case, Line
from suwen.prescribing.rules.doses import a_day, day_limit
from suwen.prescribing.rules.findings import Finding, Severity
from suwen.prescribing.rules.reference import Ingredient, Piece
from suwen.prescribing.rules.saying import Rule, act, cited, found, number

LAW = "药品管理法 art. 61"
ORDER = "医疗用毒性药品管理办法 (State Council Order 23, 1988) art. 9"
BANNED = Rule("banned", "FORBID", "Delisted, with aristolochic acid, of a protected species", "A-R7")
NARCOTIC = Rule("narcotic", "FORBID online, else WARN", "A narcotic", f"A-R7; {LAW}")
PSYCHOTROPIC = Rule("psychotropic", "FORBID online, else WARN", "A psychotropic", f"A-R7; {LAW}")
TOXIC_ONLINE = Rule(
    "toxic_online", "FORBID", "A piece of the order on toxic medicines, online", f"A-R7; {LAW}; {ORDER}"
)
RAW_ONLINE = Rule("raw_online", "FORBID", "A raw toxic piece to be taken, online", "A-R7")
RAW_ORAL = Rule(
    "raw_oral", "FORBID (大毒) or BLOCK_OVERRIDE (有毒)", "A raw toxic piece to be taken, offline", "A-4 note 1; ChP"
)
RAW_SAID = Rule("raw_not_said", "FORBID", "A raw piece of the order without the words 生用", f"A-R8; {ORDER}")
TWO_DAYS = Rule("toxic_days", "FORBID", "More than two days' largest dose of a piece of the order", f"A-R8; {ORDER}")
TWO_DAYS_OPEN = Rule(
    "toxic_days_open", "WARN", "A piece of the order whose largest dose is not known", f"A-R8; {ORDER}"
)
EXTERNAL = Rule("external_only", "FORBID", "A piece for external use only, to be taken", "ChP")
RULES = (BANNED, NARCOTIC, PSYCHOTROPIC, TOXIC_ONLINE, RAW_ONLINE, RAW_ORAL, RAW_SAID, TWO_DAYS, TWO_DAYS_OPEN,
         EXTERNAL)  # fmt: skip


def findings(case: Case) -> Iterator[Finding]:
    for carrier in case.substances():
        yield from _controlled(case, carrier)
    for line, piece in case.pieces():
        if piece.external_only and case.oral:
            zh = f"{line.zh} 只供外用，不可内服。请删去或改为外用处方。"
            en = f"{line.en} is for external use only. Take it out, or prescribe it for external use."
            yield found(EXTERNAL, Severity.FORBID, [line], zh, en, source=cited(piece.provenance))
        yield from _raw(case, line, piece)
    yield from _order(case)


def _barred(case: Case) -> bool:
    """Whether what may not be sold online may not be prescribed here."""
    return case.rx.channel == "online" and case.rx.online_bans


def _controlled(case: Case, carrier: Carrier) -> Iterator[Finding]:
    one, line = carrier.substance, carrier.line
    assert one is not None
    subject = {carrier.code, line.code}
    if isinstance(one, Piece) and one.banned:
        zh = f"{carrier.zh} 不得处方：{one.banned}。请改用其他药物。"
        en = f"{carrier.en} may not be prescribed ({one.banned}). Choose another medicine."
        yield found(BANNED, Severity.FORBID, [line], zh, en, subject=subject, source=cited(one.provenance))
    online = _barred(case)
    severity = Severity.FORBID if online else Severity.WARN
    kinds = [(NARCOTIC, "麻醉药品", "a narcotic")] if one.narcotic else []
    if isinstance(one, Ingredient) and one.psychotropic:
        kinds.append((PSYCHOTROPIC, "精神药品", "a psychotropic"))
    for rule, kind_zh, kind_en in kinds:
        zh = f"{carrier.zh} 为{kind_zh}，" + ("不得网上开具，请到线下就诊。" if online else "须用专用处方。请确认。")
        en = f"{carrier.en} is {kind_en}: " + (
            "it may not be prescribed online. Ask the person to come." if online
            else "it needs its special form. Please confirm."
        )  # fmt: skip
        yield found(rule, severity, [line], zh, en, subject=subject)
    if online and isinstance(one, Piece) and one.toxic_order and not carrier.inside:
        zh = f"{carrier.zh} 为医疗用毒性药品，不得网上开具。请改用炮制品或到线下就诊。"
        en = (
            f"{carrier.en} is under the order on toxic medicines: not "
            "online. Use a processed piece, or ask the person to come."
        )
        yield found(TOXIC_ONLINE, Severity.FORBID, [line], zh, en, subject=subject)


def _raw(case: Case, line: Line, piece: Piece) -> Iterator[Finding]:
    if not (piece.raw and piece.toxicity in ("有毒", "大毒") and case.oral):
        return
    source = cited(piece.provenance)
    if _barred(case):
        zh = f"{line.zh} 为{piece.toxicity}生品，不得网上开具内服。请改用炮制品。"
        en = (
            f"{line.en} is a raw toxic piece ({piece.toxicity}): not to "
            "be taken by an online prescription. Use a processed one."
        )
        yield found(RAW_ONLINE, Severity.FORBID, [line], zh, en, source=source)
        return
    severity = Severity.FORBID if piece.toxicity == "大毒" else Severity.BLOCK_OVERRIDE
    zh_act, en_act = act(severity)
    zh = f"{line.zh} 为{piece.toxicity}生品，内服须用炮制品。{zh_act}"
    en = f"{line.en} is a raw toxic piece ({piece.toxicity}); what is taken is the processed one. {en_act}"
    yield found(RAW_ORAL, severity, [line], zh, en, source=source, dose=a_day([line]))


def _order(case: Case) -> Iterator[Finding]:
    """The order on toxic medicines: two days' largest dose, and 生用 in words."""
    by_code: dict[str, list[tuple[Line, Piece]]] = {}
    for line, piece in case.pieces():
        if piece.toxic_order:
            by_code.setdefault(piece.code, []).append((line, piece))
    for together in by_code.values():
        lines, piece = [line for line, _ in together], together[0][1]
        unsaid = [line for line in lines if not line.item.raw_said]
        if piece.raw and unsaid:
            zh = f"{lines[0].zh} 为毒性药品生品，处方须注明“生用”，否则只付炮制品。请注明或改用炮制品。"
            en = (
                f"{lines[0].en} is raw and under the order on toxic "
                "medicines: write 生用, or choose the processed piece."
            )
            yield found(RAW_SAID, Severity.FORBID, unsaid, zh, en)
        yield from _two_days(case, piece, lines)


def _two_days(case: Case, piece: Piece, lines: list[Line]) -> Iterator[Finding]:
    line, days = lines[0], case.policy.toxic_days
    total = sum((one.item.amount or Decimal(0) for one in lines), Decimal(0)) * case.rx.doses
    limits = [(one, day_limit(one, piece)) for one in lines]
    unknown = [one for one, most in limits if most is None]
    if unknown:
        zh = f"{line.zh} 为毒性药品，目录中没有此剂型的极量，{days} 日极量未核对。请确认。"
        en = (
            f"{line.en} is under the order on toxic medicines, and its largest dose in "
            f"this form is not known: {days} days' dose was not checked. Please confirm."
        )
        yield found(TWO_DAYS_OPEN, Severity.WARN, unknown, zh, en)
    known = [most for _, most in limits if most is not None]
    if known and total > min(known) * days:
        most = min(known)
        limit = number(most * days)
        zh = (
            f"{line.zh} 共 {number(total)} g，超过 {days} 日极量 {limit} g（每日 {number(most)} g）。请减少剂数或剂量。"
        )
        en = (
            f"{line.en}: {number(total)} g in all is more than {days} days' largest "
            f"dose, {limit} g ({number(most)} g a day). Prescribe fewer doses or less."
        )
        yield found(TWO_DAYS, Severity.FORBID, lines, zh, en, total=number(total), limit=limit)
