"""Compound products, general medicines, allergies and interactions."""

from collections.abc import Container, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import get_args

from suwen.prescribing.reference.herbs import caution_of
from suwen.prescribing.reference.rows import Row
from suwen.prescribing.rules.reference import (
    AllergyClass,
    Caution,
    Controlled,
    Ingredient,
    Interaction,
    Piece,
    Pregnancy,
    Product,
)

PRODUCT = frozenset(
    {"code", "name", "kind", "zh", "pinyin", "aliases", "form", "specification", "unit", "pieces", "ingredients",
     "pregnancy"}
)  # fmt: skip
INGREDIENT = frozenset(
    {"code", "name", "zh", "aliases", "classes", "adult_limit", "child_limit_per_kg", "narrow",
     "narcotic", "psychotropic", "schedule", "pregnancy", "cautions"}
)  # fmt: skip
COMPOUNDS = {"products": PRODUCT}
MEDICINES = {"ingredients": INGREDIENT, "products": PRODUCT}
ALLERGIES = {"allergies": frozenset({"code", "zh", "en", "aliases", "members", "crosses"})}
INTERACTIONS = {"interactions": frozenset({"id", "left", "right", "severity", "zh", "en"})}


def read_ingredients(rows: list[Row], taken: Container[str]) -> dict[str, Ingredient]:
    found: dict[str, Ingredient] = {}
    for row in rows:
        code = row.code()
        if code in taken:
            row.refuse(f"the code {code} is there twice")
        found[code] = Ingredient(
            code=code,
            name=row.text("name", required=True),
            zh=row.text("zh", required=True),
            provenance=row.provenance(),
            aliases=row.words("aliases"),
            classes=row.words("classes"),
            adult_limit=row.number("adult_limit"),
            child_limit_per_kg=row.number("child_limit_per_kg"),
            narrow=row.flag("narrow"),
            narcotic=row.flag("narcotic"),
            psychotropic=row.flag("psychotropic"),
            schedule=row.one_of("schedule", get_args(Controlled)),
            pregnancy=row.one_of("pregnancy", get_args(Pregnancy)),
            cautions=_cautions(row),
        )
    return found


def _cautions(row: Row) -> tuple[Caution, ...]:
    """A caution without a provenance of its own has that of its ingredient."""
    given = row.values.get("cautions") or []
    if not isinstance(given, list) or not all(isinstance(one, Mapping) for one in given):
        row.refuse("cautions must be a list of mappings")
    inherited = row.values.get("provenance", row.values)
    cautions = []
    for one in given:
        own = one if "source" in one or "provenance" in one else {**one, "provenance": inherited}
        cautions.append(caution_of(replace(row, values=own)))
    if len({caution.condition for caution in cautions}) != len(cautions):
        row.refuse("two cautions about one condition")
    return tuple(cautions)


def read_products(
    rows: list[Row], pieces: Mapping[str, Piece], ingredients: Mapping[str, Ingredient], found: dict[str, Product]
) -> None:
    """Add products; those of `found` came from another file."""
    names = {product.name for product in found.values()}
    for row in rows:
        product = _product(row)
        if product.code in found or product.code in pieces or product.code in ingredients:
            row.refuse(f"the code {product.code} is there twice")
        if product.name in names:
            row.refuse(f"the name {product.name} is there twice")
        for code in product.pieces:
            if code not in pieces:
                row.refuse(f"there is no piece {code}")
        for code, _ in product.ingredients:
            if code not in ingredients:
                row.refuse(f"there is no ingredient {code}")
        if not product.pieces and not product.ingredients:
            row.refuse("has nothing in it")
        if product.kind == "compound" and not product.pieces:
            row.refuse("is a compound without any piece in it")
        names.add(product.name)
        found[product.code] = product


def _product(row: Row) -> Product:
    return Product(
        code=row.code(),
        name=row.text("name", required=True),
        kind=row.one_of("kind", ("compound", "general")),
        provenance=row.provenance(),
        zh=row.text("zh"),
        pinyin=row.text("pinyin"),
        aliases=row.words("aliases"),
        form=row.text("form"),
        specification=row.text("specification"),
        unit=row.text("unit"),
        pieces=row.words("pieces"),
        ingredients=_amounts(row),
        pregnancy=row.one_of("pregnancy", get_args(Pregnancy)),
    )


def _amounts(row: Row) -> tuple[tuple[str, Decimal], ...]:
    """`{paracetamol: 200}`, or a list of pairs; milligrams in one unit."""
    given = row.values.get("ingredients") or {}
    pairs = list(given.items()) if isinstance(given, Mapping) else given
    if not isinstance(pairs, list) or not all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in pairs):
        row.refuse("ingredients must be pairs of a code and milligrams")
    if len({code for code, _ in pairs}) != len(pairs):
        row.refuse("an ingredient is there twice")
    return tuple((str(code), row.positive(f"milligrams of {code}", amount)) for code, amount in pairs)


def read_allergies(rows: list[Row], substances: Container[str]) -> dict[str, AllergyClass]:
    found: dict[str, AllergyClass] = {}
    for row in rows:
        code = row.code()
        for member in row.words("members"):
            if member not in substances:
                row.refuse(f"there is no piece, ingredient or product {member}")
        found[code] = AllergyClass(
            code=code,
            zh=row.text("zh", required=True),
            en=row.text("en", required=True),
            provenance=row.provenance(),
            aliases=row.words("aliases"),
            members=frozenset(row.words("members")),
            crosses=frozenset(row.words("crosses")),
        )
    for row in rows:
        for other in row.words("crosses"):
            if other not in found:
                row.refuse(f"crosses: there is no allergy {other}")
    return found


def read_interactions(rows: list[Row], sides: Container[str]) -> tuple[Interaction, ...]:
    found: list[Interaction] = []
    for row in rows:
        name = row.text("id", required=True)
        left, right = row.text("left", required=True), row.text("right", required=True)
        for side in (left, right):
            parts = side.removeprefix("all:").split("+") if side.startswith("all:") else [side]
            for part in parts:
                if part not in sides:
                    row.refuse(f"there is no piece, ingredient, product, class or family {part}")
        if left == right:
            row.refuse("both sides are the same")
        zh, en = row.text("zh", required=True), row.text("en", required=True)
        one = Interaction(name, left, right, row.severity(), zh, en, row.provenance())
        found.append(one)
    return tuple(found)


def sides(
    pieces: Mapping[str, Piece], ingredients: Mapping[str, Ingredient], products: Mapping[str, Product]
) -> frozenset[str]:
    """Everything a side of an interaction may name."""
    classes = {f"class:{one}" for ingredient in ingredients.values() for one in ingredient.classes}
    families = {f"family:{piece.family}" for piece in pieces.values()}
    return frozenset({*pieces, *ingredients, *products, *classes, *families})
