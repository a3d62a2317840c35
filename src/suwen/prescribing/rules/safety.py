"""The safety engine: what is found about a prescription, and what of it still stands in the way of a signature.

`evaluate` depends on nothing but its arguments. Each rule is a function `findings(case)` of a module beside this one;
`docs/developers/safety.md` says how they are put together, and lists them.
"""

import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from suwen.prescribing.rules import (
    allergies,
    channels,
    doses,
    duplicates,
    incompatible,
    ingredients,
    interactions,
    methods,
    people,
    quantities,
    shape,
)
from suwen.prescribing.rules.case import case
from suwen.prescribing.rules.findings import Finding, Person, Policy, Prescribed, Severity
from suwen.prescribing.rules.reference import Reference
from suwen.prescribing.rules.saying import AMONG, SUBJECT, Rule

PARTS = (shape, channels, incompatible, doses, methods, people, allergies, ingredients, duplicates, interactions,
         quantities)  # fmt: skip
RULES: tuple[Rule, ...] = tuple(rule for part in PARTS for rule in part.RULES)
SHORTEST_REASON = 5
ODD = re.compile(r"[^\w+-]")
Need = Literal["nothing", "acknowledgement", "reason", "answer", "never"]


def evaluate(
    reference: Reference, rx: Prescribed, person: Person, others: Sequence[Prescribed] = (), policy: Policy = Policy()
) -> list[Finding]:
    """The worst first. `others` are the person's other active prescriptions; those of other days say nothing."""
    seen = case(reference, rx, person, others, policy)
    every = {finding for part in PARTS for finding in part.findings(seen)}
    return sorted(every, key=lambda one: (-one.severity, one.lines, one.rule, one.other, one.data, one))


def subject(finding: Finding) -> str:
    """The rule and whom it names: the same when amounts change."""
    names = dict(finding.data).get(SUBJECT, "")
    return ":".join(_fit(part) for part in (finding.rule, names, finding.other) if part)


def key(finding: Finding) -> str:
    """What an answer belongs to: the rule, the names and the amount that was found, not the places of lines. A reason
    for 18 g is no reason for 60 g. Letters, digits, "+", "-", "_" and ":" alone, so that it fits into a form."""
    data = dict(finding.data)
    parts = subject(finding), data.get("dose", "").replace(".", "_"), data.get(AMONG, "")
    return ":".join(part for part in parts if part)


def needs(finding: Finding) -> Need:
    """What a signature needs: a fact ("answer": see `asks`), a reason in words, or a nod."""
    if finding.asks:
        return "answer"
    if finding.severity is Severity.FORBID:
        return "never"
    if finding.severity is Severity.BLOCK_OVERRIDE:
        return "reason"
    if finding.severity is Severity.WARN:
        return "reason" if finding.rule == people.CAUTION.id else "acknowledgement"
    return "nothing"


def blocks(findings: Iterable[Finding], answers: Mapping[str, str]) -> list[Finding]:
    """What still prevents the signature. `answers` are by `key`; a fact that is asked for is no answer here but changes
    what is found."""
    return [finding for finding in findings if not _answered(finding, (answers.get(key(finding)) or "").strip())]


def _answered(finding: Finding, answer: str) -> bool:
    need = needs(finding)
    if need == "reason":
        return sum(letter.isalnum() for letter in answer) >= SHORTEST_REASON
    return need == "nothing" or (need == "acknowledgement" and bool(answer))


def _fit(text: str) -> str:
    """Names that are not codes may hold anything: what a key cannot hold is replaced, and told apart by a sum."""
    plain = ODD.sub("_", text)
    return plain if plain == text else f"{plain}-{zlib.crc32(text.encode()):08x}"
