"""十八反 and 十九畏: groups of pieces that do not go together, in one prescription, across two, and inside products."""

from collections.abc import Iterator

from suwen.prescribing.rules.case import Carrier, Case
from suwen.prescribing.rules.findings import Finding, Severity
from suwen.prescribing.rules.reference import Incompatibility
from suwen.prescribing.rules.saying import Rule, act, beside, cited, found

EIGHTEEN = Rule(
    "F18-n", "BLOCK_OVERRIDE", "十八反: two pieces of the groups that oppose each other (WARN when a licensed product "
    "has both in itself)", "张子和《儒门事亲》; ChP",
)  # fmt: skip
NINETEEN = Rule(
    "W19-n", "FORBID, BLOCK_OVERRIDE or WARN, as the row says",
    "十九畏: two pieces that restrain each other", "刘纯《医经小学》; ChP",
)  # fmt: skip
RULES = (EIGHTEEN, NINETEEN)


def findings(case: Case) -> Iterator[Finding]:
    here = case.carriers.keys()
    for rule in case.reference.incompatibilities:
        for left in rule.left & here:
            for right in rule.right & here:
                yield from _pairs(case, rule, left, right)


def _pairs(case: Case, rule: Incompatibility, left: str, right: str) -> Iterator[Finding]:
    """One finding for each two names, however many lines bear them."""
    together: dict[tuple[str, ...], list[tuple[Carrier, Carrier]]] = {}
    for one in case.carriers[left]:
        for two in case.carriers[right]:
            if (one.line.own or two.line.own) and one.line.meets(two.line):
                label = one.line.label or two.line.label
                together.setdefault((one.line.code, two.line.code, label), []).append((one, two))
    for pairs in together.values():
        yield _found(rule, pairs)


def _found(rule: Incompatibility, pairs: list[tuple[Carrier, Carrier]]) -> Finding:
    left, right = pairs[0]
    severity = Severity[rule.severity]
    if left.line.product and left.line.product is right.line.product:
        severity = min(severity, Severity.WARN)  # the product is licensed as it is
    (left_zh, left_en), (right_zh, right_en) = beside(left.line), beside(right.line)
    zh_act, en_act = act(severity)
    zh = f"{left.zh}{left_zh} 与 {right.zh}{right_zh} 同用：{rule.zh}。{zh_act}"
    en = f"{left.en}{left_en} together with {right.en}{right_en}: {rule.en}. {en_act}"
    lines = [carrier.line for pair in pairs for carrier in pair]
    subject = {left.code, right.code, left.line.code, right.line.code}
    return found(Rule(rule.id, rule.severity, "", ""), severity, lines, zh, en, subject=subject,
                 source=cited(rule.provenance))  # fmt: skip
