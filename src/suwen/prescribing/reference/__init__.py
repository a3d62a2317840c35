"""The reference data: read once, when it is first needed, and proved before it is used.

`load(folder)` reads a folder of files and refuses whatever is doubtful; `reference()` is what this installation uses.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from suwen.prescribing.reference import medicines
from suwen.prescribing.reference.herbs import (
    Herbs,
    finish,
    read_characters,
    read_incompatibilities,
    read_pieces,
    read_sounds,
)
from suwen.prescribing.reference.rows import BadReference, document
from suwen.prescribing.rules.reference import Piece, Product, Provenance, Reference
from suwen.prescribing.rules.spelling import plain

__all__ = ["DATA", "BadReference", "load", "reference"]

DATA = Path(__file__).resolve().parent.parent / "data"
LABEL = "suwen-1"
FILES = (
    "pieces.csv", "doses.csv", "cautions.csv", "characters.csv", "sounds.csv", "incompatible.yaml", "compounds.yaml",
    "medicines.yaml", "allergies.yaml", "interactions.yaml",
)  # fmt: skip


@lru_cache(maxsize=1)
def reference() -> Reference:
    """The reference data of this installation."""
    return load(DATA, accept_unreviewed=True)


def load(folder: Path, production: bool = False, accept_unreviewed: bool = False) -> Reference:
    """Read and prove a folder. BadReference names file, row and reason; in production also when a row was not yet
    confirmed by a pharmacist, unless the operator accepts the banner."""
    herbs = Herbs(characters=read_characters(folder / "characters.csv"))
    read_pieces(folder, herbs)
    finish(herbs)
    pieces = herbs.pieces
    general = document(folder / "medicines.yaml", medicines.MEDICINES)
    ingredients = medicines.read_ingredients(general["ingredients"], pieces)
    products: dict[str, Product] = {}
    for rows in (document(folder / "compounds.yaml", medicines.COMPOUNDS)["products"], general["products"]):
        medicines.read_products(rows, pieces, ingredients, products)
    sides = medicines.sides(pieces, ingredients, products)
    names = _names(herbs, products)
    found = Reference(
        version=f"{LABEL}+{fingerprint(folder)}",
        reviewed=False,
        pieces=pieces,
        products=products,
        ingredients=ingredients,
        incompatibilities=tuple(read_incompatibilities(folder / "incompatible.yaml", pieces).values()),
        allergies=medicines.read_allergies(
            document(folder / "allergies.yaml", medicines.ALLERGIES)["allergies"], sides
        ),
        interactions=medicines.read_interactions(
            document(folder / "interactions.yaml", medicines.INTERACTIONS)["interactions"], sides
        ),
        names=names,
        defaults={name: code for name, (code, _) in herbs.defaults.items()},
        characters=herbs.characters,
        sounds=read_sounds(folder / "sounds.csv"),
    )
    waiting = sum(not one.reviewed_by for _, _, one in provenances(found))
    if waiting and production and not accept_unreviewed:
        raise BadReference(
            folder.name, "", f"{waiting} rows wait for a pharmacist's review, and production does not use such rows"
        )
    object.__setattr__(found, "reviewed", not waiting)
    return found


def fingerprint(folder: Path) -> str:
    """A short hash of what the files say, whatever the folder is called."""
    digest = hashlib.sha256()
    for name in FILES:
        path = folder / name
        if path.exists():
            digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def provenances(found: Reference) -> Iterator[tuple[str, str, Provenance]]:
    """File, row and provenance of every row."""
    for piece in found.pieces.values():
        yield "pieces.csv", piece.code, piece.provenance
        for dose in piece.doses:
            yield "doses.csv", f"{piece.code} {dose.basis}", dose.provenance
        for caution in piece.cautions:
            yield "cautions.csv", f"{piece.code} {caution.condition}", caution.provenance
    for rule in found.incompatibilities:
        yield "incompatible.yaml", rule.id, rule.provenance
    for ingredient in found.ingredients.values():
        yield "medicines.yaml", ingredient.code, ingredient.provenance
    for product in found.products.values():
        yield "compounds.yaml" if product.kind == "compound" else "medicines.yaml", product.code, product.provenance
    for allergy in found.allergies.values():
        yield "allergies.yaml", allergy.code, allergy.provenance
    for interaction in found.interactions:
        yield "interactions.yaml", interaction.id, interaction.provenance


def _names(herbs: Herbs, products: Mapping[str, Product]) -> dict[str, tuple[str, ...]]:
    """Every name and alias, as `plain` writes it. One that means two pieces is refused; several products may share
    an alias, and then it means none of them alone."""
    owner: dict[str, str] = {}
    for code, piece in herbs.pieces.items():
        for name in dict.fromkeys(plain(one, herbs.characters) for one in _spellings(piece)):
            if (other := owner.setdefault(name, code)) != code:
                herbs.rows[code].refuse(f"{name} also means {herbs.pieces[other].name} ({other})")
    for name, (code, row) in herbs.defaults.items():
        if owner.get(name, code) != code:
            row.refuse(f"default_for: {name} is {herbs.pieces[owner[name]].name}")
    names = defaultdict[str, list[str]](list, {name: [code] for name, code in owner.items()})
    for product in products.values():
        for name in dict.fromkeys(plain(one, herbs.characters) for one in (product.name, product.zh, *product.aliases)):
            if name:
                names[name].append(product.code)
    return {name: tuple(codes) for name, codes in names.items()}


def _spellings(piece: Piece) -> Iterable[str]:
    return (piece.name, piece.traditional, *piece.aliases) if piece.traditional else (piece.name, *piece.aliases)
