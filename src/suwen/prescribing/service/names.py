"""Type-ahead: what a doctor may mean by the first letters, with what the line then needs. Answers from memory."""

from suwen.prescribing.reference import reference
from suwen.prescribing.rules.composing import plain
from suwen.prescribing.rules.findings import Kind
from suwen.prescribing.rules.reference import Piece, Product
from suwen.prescribing.rules.resolver import suggest
from suwen.prescribing.schemas.shelf import NameView

MOST = 8


def names(q: str, kind: Kind) -> list[NameView]:
    """The likely ones first; `kind` says of what."""
    known = reference()
    shown = []
    for one in suggest(known, q[:60], kind, MOST):
        piece = known.pieces.get(one.code)
        found = _piece(piece) if piece else _product(known.products[one.code])
        found.matched = one.matched if one.matched != one.name else ""
        shown.append(found)
    return shown


def _piece(piece: Piece) -> NameView:
    dose = next((dose for dose in piece.doses if dose.basis == "per_day_decoction"), None)
    low, high = (dose.low, dose.high) if dose else (None, None)
    return NameView(
        code=piece.code, name=piece.name, pinyin=piece.pinyin, gloss=piece.english,
        matched="", low=plain(low) if low is not None else "", high=plain(high) if high is not None else "",
        unit="g", method=piece.method, specification="", toxicity=piece.toxicity,
        warned=bool(piece.banned or piece.narcotic or piece.toxic_order),
    )  # fmt: skip


def _product(product: Product) -> NameView:
    return NameView(
        code=product.code, name=product.zh or product.name, pinyin=product.pinyin,
        gloss=product.name if product.zh else "", matched="", low="", high="", unit=product.unit, method="",
        specification=product.specification, toxicity="", warned=False,
    )  # fmt: skip
