"""Rules by name, and how a finding is put together: who is meant, in Chinese and in English."""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from suwen.prescribing.rules.case import Line
from suwen.prescribing.rules.findings import Finding, Severity
from suwen.prescribing.rules.reference import Provenance

SUBJECT = "subject"  # names the items of a finding: with the rule its identity
AMONG = "among"  # which lines it is about where the names do not say it: part of the key, not of the identity
ACTS = {
    Severity.FORBID: ("不能签名。", "It cannot be signed."),
    Severity.BLOCK_OVERRIDE: ("如确需使用，请写明理由并再次签名。", "If it is meant, give the reason and sign again."),
    Severity.WARN: ("请确认。", "Please confirm."),
    Severity.INFO: ("", ""),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """`severities` is what it may find, for the list in the documents; `source` where the rule itself comes from."""

    id: str
    severities: str
    says: str
    source: str


def found(
    rule: Rule, severity: Severity, lines: Iterable[Line], zh: str, en: str, *,
    subject: Iterable[str] | None = None, source: str = "", asks: str = "", **data: str,
) -> Finding:  # fmt: skip
    """`subject` are codes; without them those of the lines. Lines of another prescription name it in `other`."""
    all_lines = sorted(lines, key=lambda line: (not line.own, line.label, line.place))
    other = next((line for line in all_lines if not line.own), None)
    names = {line.code for line in all_lines} if subject is None else set(subject)
    return Finding(
        severity=severity,
        rule=rule.id,
        lines=tuple(sorted({line.place for line in all_lines if line.own})),
        zh=zh,
        en=en,
        source=source or rule.source,
        other=other.label if other else "",
        other_item=other.item.name if other else "",
        asks=asks,
        data=((SUBJECT, "+".join(sorted(names))), *data.items()),
    )


def among(lines: Iterable[Line]) -> str:
    """A short sum of lines, in whatever order they stand: a nod to two medicines is none to three."""
    return f"{zlib.crc32(repr(sorted((line.label, line.code) for line in lines)).encode()):08x}"


def act(severity: Severity) -> tuple[str, str]:
    """What the reader can do about it."""
    return ACTS[severity]


def number(value: Decimal) -> str:
    """15, 0.5, 3.1: without the zeros and exponents of a Decimal; three places are plenty."""
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return text or "0"


def cited(provenance: Provenance) -> str:
    edition = f" {provenance.edition}" if provenance.edition and provenance.edition not in provenance.source else ""
    return f"{provenance.source}{edition} [{provenance.evidence}]"


def beside(line: Line) -> tuple[str, str]:
    """Which prescription a line is in, where it is not this one."""
    if line.own:
        return "", ""
    return f"（处方 {line.label}）", f" (prescription {line.label})"


def listed(lines: Sequence[Line]) -> tuple[str, str]:
    """Names in an order that does not depend on the order of the lines."""
    zh = sorted({line.zh + beside(line)[0] for line in lines})
    en = sorted({line.en + beside(line)[1] for line in lines})
    return "、".join(zh), ", ".join(en)
