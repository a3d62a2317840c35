"""Pairs from the interaction list, here and across the active prescriptions."""

from collections.abc import Iterator

from suwen.prescribing.rules.case import Carrier, Case
from suwen.prescribing.rules.findings import Finding, Severity
from suwen.prescribing.rules.reference import Interaction
from suwen.prescribing.rules.saying import Rule, act, beside, cited, found

PAIR = Rule("interaction", "as the row says", "A pair of the interaction list on the same days", "B-R6")
RULES = (PAIR,)


def findings(case: Case) -> Iterator[Finding]:
    for row in case.reference.interactions:
        lefts = _side(case, row.left)
        rights = _side(case, row.right) if lefts else []
        pairs: dict[tuple[str, ...], list[tuple[Carrier, Carrier]]] = {}
        for left in lefts:
            for right in rights:
                one, two = left.line, right.line
                if (one.own or two.own) and one.meets(two) and left.code != right.code:
                    names = (*sorted((left.code, right.code)), *sorted((one.code, two.code)), one.label or two.label)
                    pairs.setdefault(names, []).append((left, right))
        for together in pairs.values():
            yield _found(row, together)


def _side(case: Case, side: str) -> list[Carrier]:
    kind, _, names = side.partition(":")
    return _formula(case, names.split("+")) if kind == "all" else case.carriers.get(side, [])


def _formula(case: Case, codes: list[str]) -> list[Carrier]:
    """Pieces that are a formula only together: in one prescription, or inside one product."""
    held: dict[int, dict[str, Carrier]] = {}
    for code in codes:
        for carrier in case.carriers.get(code, []):
            holder = id(carrier.line) if carrier.inside else id(carrier.line.rx)
            held.setdefault(holder, {}).setdefault(code, carrier)
    return [found[codes[0]] for found in held.values() if len(found) == len(codes)]


def _found(row: Interaction, pairs: list[tuple[Carrier, Carrier]]) -> Finding:
    left, right = pairs[0]
    severity = Severity[row.severity]
    if left.line is right.line:
        severity = min(severity, Severity.WARN)  # one licensed product has both
    (left_zh, left_en), (right_zh, right_en) = beside(left.line), beside(right.line)
    zh_act, en_act = act(severity)
    zh = f"{left.zh}{left_zh} 与 {right.zh}{right_zh}：{row.zh}。{zh_act}"
    en = f"{left.en}{left_en} and {right.en}{right_en}: {row.en}. {en_act}".strip()
    lines = [carrier.line for pair in pairs for carrier in pair]
    subject = {row.id, left.code, right.code, left.line.code, right.line.code}
    return found(PAIR, severity, lines, zh, en, subject=subject, source=cited(row.provenance), row=row.id)
