"""How a piece must be decocted: 先煎, 后下, 包煎 ..."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from suwen.prescribing.rules.case import Case
from suwen.prescribing.rules.findings import Finding, Severity
from suwen.prescribing.rules.reference import Method, Piece
from suwen.prescribing.rules.saying import Rule, cited, found

MISSING = Rule(
    "method_missing", "WARN; BLOCK_OVERRIDE for toxic pieces (the aconites)",
    "A piece without the decoction method it must have", "A-R10; ChP",
)  # fmt: skip
RULES = (MISSING,)

WORDS: dict[str, Method] = {
    "先煎": "先煎", "久煎": "先煎", "先下": "先煎", "先煮": "先煎", "后下": "后下", "后入": "后下", "后煎": "后下",
    "包煎": "包煎", "布包": "包煎", "布包煎": "包煎", "纱布包煎": "包煎", "另煎": "另煎", "另炖": "另煎",
    "单煎": "另煎", "另煎兑服": "另煎", "烊化": "烊化", "烊冲": "烊化", "炀化": "烊化", "冲服": "冲服",
    "研末冲服": "冲服", "研粉冲服": "冲服", "冲入": "冲服",
    "兑服": "冲服", "溶化": "冲服", "泡服": "泡服", "煎汤代水": "煎汤代水",
    "打碎": "打碎", "捣碎": "打碎",
}  # fmt: skip
TOXIC = ("有毒", "大毒")
MAYBE_COOKED = frozenset({"paste", "liquid", "other"})  # swallowed, and cooked where nobody looks
LONGEST_FIRST = sorted(WORDS, key=len, reverse=True)
OPENING = re.compile(r"^[\s(\[（【]+")


@lru_cache(maxsize=512)
def method_of(written: str) -> Method:
    """ "先煎", "(先煎 60 分钟)", "布包煎" -> the method; "" where the text begins with something else ("不必先煎")."""
    text = OPENING.sub("", unicodedata.normalize("NFKC", written))
    for word in LONGEST_FIRST:
        if text.startswith(word):
            return WORDS[word]
    return ""


def required(form: str, piece: Piece) -> Method:
    """What a piece of a decoction must have; a toxic one also where it may be cooked unseen: a paste of aconite is no
    safer than a decoction."""
    if form == "decoction" or (form in MAYBE_COOKED and piece.toxicity in TOXIC):
        return piece.method
    return ""


def findings(case: Case) -> Iterator[Finding]:
    for line, piece in case.pieces():
        method = required(case.rx.form, piece)
        if not method or method_of(line.item.method) == method:
            continue
        toxic = piece.toxicity in TOXIC
        severity = Severity.BLOCK_OVERRIDE if toxic else Severity.WARN
        note = f"（{piece.method_note}）" if piece.method_note else ""
        zh = f"{line.zh} 须{piece.method}{note}，处方未注明。请注明" + (
            "，或写明理由并再次签名。" if toxic else "或确认。"
        )
        en = f"{line.en} must be decocted by {piece.method} {note}and the prescription does not say so. " + (
            "Write it, or give the reason and sign again." if toxic else "Write it, or confirm."
        )  # fmt: skip
        yield found(MISSING, severity, [line], zh, en, source=cited(piece.provenance), method=piece.method)
