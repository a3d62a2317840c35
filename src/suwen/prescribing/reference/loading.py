"""Files -> a Reference, or a refusal."""

import gc
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from suwen.prescribing.reference import medicines
from suwen.prescribing.reference.herbs import Herbs, read_herbs, read_incompatibilities
from suwen.prescribing.reference.reader import Reader
from suwen.prescribing.reference.rows import BadReference, Row
from suwen.prescribing.rules.reference import Product, Reference
from suwen.prescribing.rules.spelling import plain

DATA = Path(__file__).resolve().parent.parent / "data"
LABEL = "suwen-1"


def load(
    folder: Path, production: bool = False, accept_unreviewed: bool = False, *, own: Path | None = None
) -> Reference:
    """Read and prove a folder, and what an installation has of its own. BadReference names file, row and reason; in
    production also when a row was not yet confirmed by a pharmacist, unless the operator accepts the banner."""
    found, rows = survey(folder, own)
    waiting = [row for row in rows if not row.reviewed()]
    if waiting and production and not accept_unreviewed:
        first = waiting[0]
        reason = f"no pharmacist has reviewed it, nor {len(waiting) - 1} more; production does not use such rows"
        raise BadReference(first.file, first.place, reason)
    return replace(found, reviewed=not waiting)


@contextmanager
def _not_collecting() -> Iterator[None]:
    """Twenty thousand small objects that all stay: looking for garbage among them takes as long as making them."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@_not_collecting()
def survey(folder: Path, own: Path | None = None) -> tuple[Reference, list[Row]]:
    """The reference, and every row that a pharmacist must confirm."""
    reader = Reader(folder, own)
    herbs = read_herbs(reader)
    pieces = herbs.pieces
    incompatibilities = read_incompatibilities(reader, pieces)
    (compounds,) = reader.document("compounds.yaml", medicines.COMPOUNDS)
    substances, general = reader.document("medicines.yaml", medicines.MEDICINES)
    ingredients = medicines.read_ingredients(substances, pieces)
    products: dict[str, Product] = {}
    for rows in (compounds, general):
        medicines.read_products(rows, pieces, ingredients, products)
    sides = medicines.sides(pieces, ingredients, products)
    (allergies,) = reader.document("allergies.yaml", medicines.ALLERGIES)
    (interactions,) = reader.document("interactions.yaml", medicines.INTERACTIONS)
    reader.beside("formulas.yaml", _formulas)
    reader.beside("jurisdictions.yaml", dict)
    found = Reference(
        version="",
        reviewed=False,
        pieces=pieces,
        products=products,
        ingredients=ingredients,
        incompatibilities=incompatibilities,
        allergies=medicines.read_allergies(allergies, sides),
        interactions=medicines.read_interactions(interactions, sides),
        names=_names(herbs, products),
        defaults={name: code for name, (code, _) in herbs.defaults.items()},
        characters=herbs.characters,
        sounds=herbs.sounds,
    )
    return replace(found, version=f"{LABEL}+{reader.fingerprint()}"), reader.rows


def _formulas(document: Mapping[str, Any]) -> dict[str, Any]:
    """What stands once at the head of the file holds for each of them."""
    about = {name: document[name] for name in ("edition", "evidence", "reviewed_by", "version")}
    return {str(one["code"]): about | one for one in document["formulas"]}


def _names(herbs: Herbs, products: Mapping[str, Product]) -> dict[str, tuple[str, ...]]:
    """Every name and alias, as `plain` writes it. One that means two pieces is refused; several products may share
    an alias, and then it means none of them alone."""
    owner: dict[str, str] = {}
    for code, piece in herbs.pieces.items():
        for written in (piece.name, piece.traditional, *piece.aliases):
            name = plain(written, herbs.characters)
            if name and (other := owner.setdefault(name, code)) != code:
                herbs.rows[code].refuse(f"{written} also means {herbs.pieces[other].name} ({other})")
    for name, (code, row) in herbs.defaults.items():
        if owner.get(name, code) != code:
            row.refuse(f"default_for: {name} is {herbs.pieces[owner[name]].name}")
    names = defaultdict[str, list[str]](list, {name: [code] for name, code in owner.items()})
    for product in products.values():
        for name in dict.fromkeys(plain(one, herbs.characters) for one in (product.name, product.zh, *product.aliases)):
            if name:
                names[name].append(product.code)
    return {name: tuple(codes) for name, codes in names.items()}
