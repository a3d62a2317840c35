"""A prescription as it is written: header, body and footer in the form that the norm of prescriptions asks for.

`sheet` puts the parts into words; the page, the paper and `text` show the same sheet. Herbs stand in the order
君臣佐使 in rows, each as 炙甘草6g with what the pharmacy must know at the upper right; products have a line each. What
is left of the paper is struck out.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from suwen.prescribing.rules.wording import METHODS, chinese, plain, taken, word

Kind = Literal["herbal", "compound", "general"]
ROLES = "君臣佐使"
NOTE_WIDTH = 14  # what is longer does not fit above a word: it stands below the rows
NEWBORN_DAYS, INFANT_YEARS, CHILD_YEARS = 28, 3, 18
SEXES = {"male": ("男", "male"), "female": ("女", "female"), "other": ("其他", "other")}
TITLES = {
    "herbal": ("中药饮片处方笺", "Prescription: herbal formula"),
    "compound": ("中成药处方笺", "Prescription: compound products"),
    "general": ("处方笺", "Prescription"),
}  # fmt: skip


@dataclass(frozen=True)
class Head:
    """The facts above the line. `fee` is who pays (费别), `visit` the number of the visit."""

    number: str
    day: date | None
    name: str
    diagnosis: str
    institution: str = ""
    fee: str = ""
    sex: str | None = None
    born: date | None = None
    weight_kg: str | None = None
    visit: str = ""
    department: str = ""


@dataclass(frozen=True)
class Foot:
    """Who answers for it. `amount` is money as it is shown."""

    doctor: str = ""
    amount: str = ""
    reviewer: str = ""
    dispenser: str = ""
    checker: str = ""


@dataclass(frozen=True)
class Override:
    """What a rule holds against the prescription, and why the doctor prescribes it all the same; signed again."""

    finding: str
    reason: str


@dataclass(frozen=True)
class Written:
    """One medicine. `note` is at the upper right; `lines` are below a product, `gloss` says a herb's name to those who
    do not read Chinese."""

    name: str
    amount: str
    note: str = ""
    gloss: str = ""
    lines: tuple[str, ...] = ()

    @property
    def above(self) -> str:
        """The note, where it is short enough to stand at the upper right."""
        return self.note if width(self.note) <= NOTE_WIDTH else ""


@dataclass(frozen=True)
class Sheet:
    title: str
    institution: str
    kind: Kind
    header: tuple[tuple[str, str], ...]
    items: tuple[Written, ...]
    usage: str
    remarks: tuple[str, ...]
    advice: str
    refills: str
    blank: str
    footer: tuple[tuple[str, str], ...]
    doctor: str
    locale: str = field(default="zh-CN")

    @property
    def herbal(self) -> bool:
        return self.kind == "herbal"


def sheet(
    kind: Kind, medicines: Sequence[Mapping[str, Any]], head: Head, foot: Foot, locale: str, *,
    regimen: Mapping[str, Any] | None = None, instructions: str = "", refills: int = 0,
    overrides: Sequence[Override] = (), glosses: Mapping[str, str] | None = None,
    frequency: Callable[[Mapping[str, Any], str], str] | None = None,
) -> Sheet:  # fmt: skip
    """`frequency` prints how often a line is taken; without it the line's own words stand. `glosses`: by code."""
    herbal = kind == "herbal"
    ordered = sorted(medicines, key=_rank) if herbal else list(medicines)
    items = [_herb(one, locale, glosses or {}) if herbal else _product(one, locale, frequency) for one in ordered]
    long = [f"{item.name}：{item.note}" for item in items if herbal and item.note and not item.above]
    reasons = [_override(one, foot.doctor, locale) for one in overrides]
    return Sheet(
        title=_of(TITLES, kind, locale), institution=head.institution, kind=kind, header=tuple(_header(head, locale)),
        items=tuple(items), usage=taken(regimen, locale) if herbal and regimen else "",
        remarks=(*long, *reasons), advice=instructions.strip(), refills=_refills(refills, locale),
        blank="以下空白" if chinese(locale) else "nothing below this line", footer=tuple(_footer(foot, locale)),
        doctor=foot.doctor, locale=locale,
    )  # fmt: skip


def age(born: date, day: date, locale: str) -> str:
    """Real age: a newborn's in days, an infant's in months, a small child's in years and months."""
    days = (day - born).days
    months = (day.year - born.year) * 12 + day.month - born.month - (day.day < born.day)
    years, rest = divmod(months, 12)
    zh = chinese(locale)
    if days < NEWBORN_DAYS:
        return f"{max(days, 0)}天" if zh else _counted(max(days, 0), "day")
    if years < 1:
        return f"{max(months, 1)}个月" if zh else _counted(max(months, 1), "month")
    if years < INFANT_YEARS:
        over = (f"{rest}个月" if zh else f" {_counted(rest, 'month')}") if rest else ""
        return (f"{years}岁" if zh else _counted(years, "year")) + over
    return f"{years}岁" if zh else _counted(years, "year")


def amount(line: Mapping[str, Any]) -> str:
    """'6g': the unit directly after the number; the line's own words where it has no number."""
    if line.get("amount") is None:
        return str(line.get("dosage") or "")
    return f"{plain(line['amount'])}{line.get('unit') or 'g'}"


def _header(head: Head, locale: str) -> list[tuple[str, str]]:
    zh = chinese(locale)
    born, day = head.born, head.day
    years = _years(born, day) if born and day else CHILD_YEARS
    facts = [
        ("费别" if zh else "Payment", head.fee),
        ("处方编号" if zh else "Number", head.number),
        ("姓名" if zh else "Name", head.name),
        ("性别" if zh else "Sex", _of(SEXES, head.sex or "", locale)),
        ("年龄" if zh else "Age", age(born, day, locale) if born and day else ""),
    ]
    if years < CHILD_YEARS:
        unknown = ("未测" if zh else "not measured") if years < INFANT_YEARS else ""
        facts.append(("体重" if zh else "Weight", f"{plain(head.weight_kg)}kg" if head.weight_kg else unknown))
    facts += [
        ("门诊号" if zh else "Visit", head.visit),
        ("科别" if zh else "Department", head.department),
        ("开具日期" if zh else "Date", _day(head.day, locale)),
        ("临床诊断" if zh else "Diagnosis", head.diagnosis),
    ]
    return [(label, value) for label, value in facts if value]


def _years(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _footer(foot: Foot, locale: str) -> list[tuple[str, str]]:
    zh = chinese(locale)
    return [
        ("医师签名" if zh else "Doctor", foot.doctor),
        ("药品金额" if zh else "Amount", foot.amount),
        ("审核药师" if zh else "Reviewed by", foot.reviewer),
        ("调配药师" if zh else "Dispensed by", foot.dispenser),
        ("核对、发药药师" if zh else "Checked and given out by", foot.checker),
    ]


def _herb(line: Mapping[str, Any], locale: str, glosses: Mapping[str, str]) -> Written:
    method = word(METHODS, line.get("method"), locale)
    note = "、".join(part for part in (method, (line.get("notes") or "").strip()) if part)
    gloss = "" if chinese(locale) else glosses.get(line.get("code") or "", "")
    return Written(str(line.get("name") or ""), amount(line), note, gloss)


def _product(
    line: Mapping[str, Any], locale: str, frequency: Callable[[Mapping[str, Any], str], str] | None
) -> Written:
    zh = chinese(locale)
    ordered = f"× {_ordered(line)}" if line.get("quantity") else ""
    often = (frequency(line, locale) if frequency else "") or str(line.get("frequency") or "")
    days = line.get("duration_days")
    once = amount(line)
    how = [
        (f"每次{once}" if zh else f"{once} each time") if once else "",
        often,
        str(line.get("usage") or ""),
        (f"共{days}天" if zh else f"for {_counted(days, 'day')}") if days else str(line.get("duration") or ""),
    ]
    said = ("，" if zh else ", ").join(part for part in how if part)
    lines = [f"{'用法：' if zh else 'Use: '}{said}"] if said else []
    lines += [line["notes"].strip()] if (line.get("notes") or "").strip() else []
    packed = "  ".join(part for part in (str(line.get("specification") or ""), ordered) if part)
    return Written(str(line.get("name") or ""), packed, lines=tuple(lines))


def _ordered(line: Mapping[str, Any]) -> str:
    unit = str(line.get("quantity_unit") or "")
    return f"{plain(line['quantity'])}{' ' if unit.isascii() and unit else ''}{unit}"


def _override(one: Override, doctor: str, locale: str) -> str:
    if chinese(locale):
        return f"{one.finding}用药理由：{one.reason}（医师再次签名：{doctor}）"
    return f"{one.finding} Reason: {one.reason} (signed again: {doctor})"


def _refills(number: int, locale: str) -> str:
    if not number:
        return ""
    return f"可再调配{number}次" if chinese(locale) else f"May be dispensed again {_counted(number, 'time')}"


def _rank(line: Mapping[str, Any]) -> int:
    role = line.get("role") or ""
    return ROLES.index(role) if role and role in ROLES else len(ROLES)


def _of(table: Mapping[str, tuple[str, str]], key: str, locale: str) -> str:
    return table.get(key, ("", ""))[0 if chinese(locale) else 1]


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def _day(day: date | None, locale: str) -> str:
    if day is None:
        return ""
    return f"{day.year}年{day.month}月{day.day}日" if chinese(locale) else f"{day.day} {day:%B %Y}"


# --- as plain text, in columns

ASIAN, CLOSING = r"[\u2e80-\uffef\U00020000-\U0003ffff]", "[，。、；：）]?"
PIECES = re.compile(rf"{ASIAN}{CLOSING}|\n|[^\s\u2e80-\uffef]+{CLOSING}\s?|\s")  # what stays together in a line


def width(text: str) -> int:
    """In columns of a terminal: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def text(one: Sheet, columns: int = 72) -> str:
    """The sheet for those who have no page: herbs aligned in rows, the rest line by line."""
    rule = "─" * columns
    parts = [_middle(one.institution, columns), _middle(one.title, columns), rule, *_facts(one.header, columns), rule]
    parts += ["Rp", "", *(_rows(one, columns) if one.herbal else _listed(one))]
    advice = f"{'医嘱：' if chinese(one.locale) else 'Advice: '}{one.advice}" if one.advice else ""
    for paragraph in (one.usage, *one.remarks, advice, one.refills):
        parts += ["", *_wrapped(paragraph, columns)] if paragraph else []
    struck = "／" * ((columns - width(one.blank) - 2) // 4)
    parts += ["", f"{struck} {one.blank} {struck}", rule, *_facts(one.footer, columns)]
    return "\n".join(line.rstrip() for line in parts) + "\n"


def _wrapped(paragraph: str, columns: int) -> list[str]:
    """Between Chinese characters anywhere, else between words."""
    lines = [""]
    for piece in PIECES.findall(paragraph):
        if piece == "\n" or width(lines[-1]) + width(piece.rstrip()) > columns:
            lines.append("")
        if piece != "\n":
            lines[-1] += piece
    return lines


def _middle(words: str, columns: int) -> str:
    return " " * max(0, (columns - width(words)) // 2) + words


def _facts(facts: Sequence[tuple[str, str]], columns: int) -> list[str]:
    """As many in a line as there is room for."""
    lines, line = [], ""
    for label, value in facts:
        piece = f"{label}: {value or '________'}"
        if line and width(line) + 3 + width(piece) > columns:
            lines.append(line)
            line = ""
        line = f"{line}   {piece}" if line else piece
    return [*lines, line]


def _rows(one: Sheet, columns: int) -> list[str]:
    cells = [_cell(item) for item in one.items]
    wide = max((width(cell) for cell in cells), default=1) + 2
    across = max(1, min(4, columns // wide))
    lines = []
    for start in range(0, len(cells), across):
        row = cells[start : start + across]
        lines.append("".join(cell + " " * (wide - width(cell)) for cell in row))
    return lines


def _cell(item: Written) -> str:
    note = f"({item.above})" if item.above else ""
    return f"{item.name}{item.amount}{note}" + (f" {item.gloss}" if item.gloss else "")


def _listed(one: Sheet) -> list[str]:
    lines: list[str] = []
    for place, item in enumerate(one.items, start=1):
        lines.append(f"{place}. {item.name}  {item.amount}")
        lines += [f"   {line}" for line in item.lines]
    return lines
