"""What a person is allergic to, from free text through an alias table. Nothing that was written is ever ignored."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from suwen.prescribing.rules.case import Carrier, Case
from suwen.prescribing.rules.findings import Finding, Severity
from suwen.prescribing.rules.reference import Ingredient, Piece, Reference
from suwen.prescribing.rules.saying import Rule, act, among, cited, found
from suwen.prescribing.rules.spelling import plain

DIRECT = Rule("allergy", "BLOCK_OVERRIDE", "The person is allergic to this substance, or to its class", "B-R1; B-R2")
CROSS = Rule("allergy_cross", "WARN", "A class that cross-reacts with what the person is allergic to", "B-R1")
UNSTRUCTURED = Rule("allergy_unstructured", "WARN", "An allergy in words that nothing could be checked against", "B-R1")
UNASKED = Rule("allergy_unknown", "WARN, asks for the allergies", "Nobody asked for allergies", "B-R1")
RULES = (DIRECT, CROSS, UNSTRUCTURED, UNASKED)

NONE = frozenset(
    {
        "", "无", "无过敏", "无过敏史", "无药物过敏", "无药物过敏史", "无食物药物过敏史", "否认", "否认过敏",
        "否认过敏史", "否认药物过敏", "否认药物过敏史", "否认食物药物过敏史", "未发现", "没有",
        "不过敏", "none", "no", "nil", "nka", "nkda", "n/a", "no allergies", "no allergy",
        "no known allergies", "no known allergy",
        "no known drug allergies", "no known drug allergy", "none known", "无已知药物过敏", "无已知过敏",
    }
)  # fmt: skip
# what a form wants filled in, by somebody who has not asked: no answer
NOT_KNOWN = frozenset(
    {
        "不详", "不明", "不清楚", "不知道", "不知", "不清", "未知", "不确定", "未询问", "未问", "未问及", "待询问",
        "待问", "待查", "待补充", "过敏史不详", "药物过敏史不详", "过敏史不明", "过敏史未知", "过敏史不清楚",
        "过敏不详",
        "unknown", "not known", "not asked", "unsure", "not sure", "don't know", "do not know", "no idea",
        "to be asked", "allergies unknown", "allergy unknown", "unknown allergies", "not recorded", "n/k", "tba", "tbc",
        "tbd", "?", "??", "???",
    }
)  # fmt: skip
# between commas, but not inside parentheses: "青霉素（皮疹、休克）" is one entry
ONE = re.compile(r"(?:[(（\[【][^)）\]】]*[)）\]】]?|(?!\s(?:and|or)\s)[^、，,;；/\n(（\[【])+")
WITH = re.compile(r"[及和与]")  # also in names (白及), so that it parts only what is not known as a whole
NOTE = re.compile(r"[(（\[【]([^)）\]】]*)[)）\]】]?")
BEFORE = re.compile(r"^(?:患者|曾|有|对|服用|注射|allergic to|allergy to|allergies to|hypersensitivity to)\s*")
AFTER = re.compile(
    r"\s*(?:药物过敏史|过敏史|药物过敏|过敏反应|过敏性休克|过敏|皮试阳性|皮试\(\+\)|皮疹|类药物|类药|类抗生素|类|药物"
    r"|allergy|allergies|allergic|hypersensitivity|anaphylaxis|rash)$"
)


@dataclass(slots=True)
class Recorded:
    """What an entry means: substances by their codes, families of pieces, classes."""

    entry: str
    codes: set[str] = field(default_factory=set)
    families: set[str] = field(default_factory=set)
    classes: set[str] = field(default_factory=set)

    @property
    def mark(self) -> str:
        """The entry in a key. Keys stand in the clear beside the doctor's reasons; the entry is sealed."""
        return hashlib.sha256(tidy(self.entry).encode()).hexdigest()[:12]

    @property
    def understood(self) -> bool:
        return bool(self.codes or self.families or self.classes)


def tidy(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().strip(" .。!！:：\t\r\n")


def entries(texts: Iterable[str]) -> Iterator[str]:
    """One allergen each; "青霉素、头孢过敏" -> "青霉素", "头孢过敏". What says that there is none is left out."""
    for text in texts:
        if tidy(text) in NONE:
            continue
        for part in ONE.findall(text):
            name = re.sub(r"^\s*(?:and|or)\s+", "", part).strip()
            if tidy(name) not in NONE:
                yield name


def answered(text: str) -> bool:
    """Whether these words say something, if only that there is none: "不详" and "unknown" do not."""
    said = [tidy(part) for part in entries((text,))]
    return tidy(text) not in NOT_KNOWN and (not said or any(part not in NOT_KNOWN for part in said))


def candidates(entry: str) -> list[str]:
    """As written, then with fewer and fewer words around it: "对青霉素类药物过敏" -> "青霉素"; at last what is in
    parentheses."""
    seen = []
    for text in (tidy(entry), tidy(NOTE.sub("", entry)), *(tidy(note) for note in NOTE.findall(entry))):
        while text and text not in seen:
            seen.append(text)
            text = AFTER.sub("", BEFORE.sub("", text)).strip()
    return seen


def recorded(reference: Reference, texts: Iterable[str]) -> list[Recorded]:
    asked = list(dict.fromkeys(entries(texts)))
    if not asked:
        return []
    found = []
    for entry in asked:
        whole = _understood(reference, entry)
        parts = [] if whole.understood else [_understood(reference, part) for part in WITH.split(entry) if part.strip()]
        found += parts if any(part.understood for part in parts) else [whole]
    return found


def _understood(reference: Reference, entry: str) -> Recorded:
    table = _table(reference)
    for word in candidates(entry):
        meant = Recorded(entry)
        for kind, code in table.get(plain(word, reference.characters), ()):
            if kind == "class":
                meant.classes.add(code)
            elif kind == "piece":
                meant.codes.add(code)
                meant.families.add(reference.pieces[code].family)
            elif kind == "product":
                product = reference.products[code]
                meant.codes |= {code, *(one for one, _ in product.ingredients)}
            else:
                meant.codes.add(code)
        if meant.understood:
            return meant
    return Recorded(entry)


@lru_cache(maxsize=4)
def _table(reference: Reference) -> dict[str, list[tuple[str, str]]]:
    """Every name that an allergen may have. A name of a class is the class's alone: 花粉 is pollen and not 天花粉."""
    table: dict[str, list[tuple[str, str]]] = {}

    def add(kind: str, code: str, names: Iterable[str]) -> None:
        for name in dict.fromkeys(plain(name, reference.characters) for name in names if name):
            table.setdefault(name, []).append((kind, code))

    for piece in reference.pieces.values():
        add("piece", piece.code, (piece.name, piece.traditional, *piece.aliases))
    for ingredient in reference.ingredients.values():
        add("ingredient", ingredient.code, (ingredient.name, ingredient.zh, *ingredient.aliases))
    for product in reference.products.values():
        add("product", product.code, (product.name, product.zh, *product.aliases))
    for one in reference.allergies.values():
        for name in {plain(name, reference.characters) for name in (one.zh, one.en, *one.aliases)}:
            table[name] = [entry for entry in table.get(name, []) if entry[0] in ("class", "ingredient")]
        add("class", one.code, (one.zh, one.en, *one.aliases))
    return table


def findings(case: Case) -> Iterator[Finding]:
    if not case.own:
        return
    if not case.person.allergies_known:
        zh, en = (
            "未询问过敏史，请询问并填写（没有也请注明）。",
            "Nobody asked for allergies. Ask, and enter the answer, also when there are none.",
        )
        yield found(UNASKED, Severity.WARN, case.own, zh, en, subject=("allergies",), asks="allergies")
    for meant in recorded(case.reference, case.person.allergies):
        if meant.understood:
            yield from _checked(case, meant)
        else:
            zh = f"过敏记录“{meant.entry}”无法自动核对，请逐项人工核对并确认。"
            en = (
                f'The recorded allergy "{meant.entry}" could not be checked '
                "automatically: check each item yourself, and confirm."
            )
            yield found(UNSTRUCTURED, Severity.WARN, case.own, zh, en, subject=(meant.mark,), among=among(case.own))


def _checked(case: Case, meant: Recorded) -> Iterator[Finding]:
    classes = case.reference.allergies
    said = set(meant.classes)
    # who reacts to one ingredient is taken to react to its class; a herb stands for itself alone
    said |= {one.code for one in classes.values() if meant.codes & one.members & case.reference.ingredients.keys()}
    crossing = {other for code in said for other in classes[code].crosses}
    crossing |= {one.code for one in classes.values() if one.crosses & said}
    for carrier in case.substances():
        one = carrier.substance
        assert one is not None
        direct = next((code for code in sorted(said) if carrier.code in classes[code].members), "")
        across = next((code for code in sorted(crossing - said) if carrier.code in classes[code].members), "")
        if _same(one, meant) or direct:
            yield _direct(case, carrier, meant, direct)
        elif across:
            yield _cross(case, carrier, meant, across)
    for line in case.own:
        if line.product and line.product.code in meant.codes and not line.product.ingredients:
            yield _direct(case, Carrier(line, line.product.code), meant, "")


def _same(one: Piece | Ingredient, meant: Recorded) -> bool:
    return one.code in meant.codes or (isinstance(one, Piece) and one.family in meant.families)


def _direct(case: Case, carrier: Carrier, meant: Recorded, code: str) -> Finding:
    one = case.reference.allergies.get(code)
    zh_act, en_act = act(Severity.BLOCK_OVERRIDE)
    of_zh, of_en = (f"（{one.zh}）", f" ({one.en})") if one else ("", "")
    zh = f"过敏：患者记录“{meant.entry}”，{carrier.zh} 属同一物质或同类{of_zh}。请更换；{zh_act}"
    en = (
        f'Allergy: "{meant.entry}" is recorded, and {carrier.en} is '
        f"the same or of its class{of_en}. Choose another. {en_act}"
    )
    return found(DIRECT, Severity.BLOCK_OVERRIDE, [carrier.line], zh, en,
                 subject={carrier.code, carrier.line.code, meant.mark},
                 source=cited(one.provenance) if one else "")  # fmt: skip


def _cross(case: Case, carrier: Carrier, meant: Recorded, code: str) -> Finding:
    one = case.reference.allergies[code]
    zh = f"交叉过敏可能：患者记录“{meant.entry}”，{carrier.zh} 属{one.zh}。请询问反应的性质并确认。"
    en = (
        f'May cross-react: "{meant.entry}" is recorded, and {carrier.en} '
        f"is of {one.en}. Ask what the reaction was, and confirm."
    )
    return found(CROSS, Severity.WARN, [carrier.line], zh, en,
                 subject={carrier.code, carrier.line.code, meant.mark}, source=cited(one.provenance))  # fmt: skip
