"""Prescriptions for tests of the safety engine, in a few words, against the real reference data."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from suwen.prescribing.reference import reference
from suwen.prescribing.rules.findings import Item, Person, Prescribed, Severity
from suwen.prescribing.rules.reference import Product, Provenance, Reference
from suwen.prescribing.rules.resolver import resolve
from suwen.prescribing.rules.safety import evaluate

REFERENCE = reference()
INFO, WARN, BLOCK, FORBID = Severity.INFO, Severity.WARN, Severity.BLOCK_OVERRIDE, Severity.FORBID
DAY = date(2030, 1, 1)
MAN = Person(sex="male", age_days=40 * 366, weight_kg=Decimal(70), pregnancy="no")
TOLD = Provenance("a test")


def person(years=40, **more):
    return replace(MAN, age_days=int(years * 365.25) + 1, **more)


def woman(years=30, **more):
    return person(years, sex="female", **{"pregnancy": "unknown", "lactating": False, "menstruating": False} | more)


def herb(name, grams="9", **more):
    """A piece by its name, with the method it must have."""
    code = resolve(REFERENCE, name).code
    assert code in REFERENCE.pieces, name
    values = {"method": REFERENCE.pieces[code].method} | more
    return Item(name, code, None if grams is None else Decimal(grams), **values)


def piece(code, grams="9", **more):
    return herb(REFERENCE.pieces[code].name, grams, **more)


def formula(*items, **more):
    return Prescribed("herbal", tuple(herb(one) if isinstance(one, str) else one for one in items), **more)


def product(code, amount="1", times="3", days=7, **more):
    numbers = {name: value if value is None else Decimal(value) for name, value in
               {"amount": amount, "times_per_day": times}.items()}  # fmt: skip
    found = REFERENCE.products.get(code)
    return Item(found.name if found else code, code, unit=found.unit if found else "", days=days, **numbers, **more)


def medicines(*items, **more):
    chosen = tuple(product(one) if isinstance(one, str) else one for one in items)
    return Prescribed("general", chosen, form="other", **more)


def containing(*codes, name="成药", reference=REFERENCE):
    """The reference with one more compound product, made of these pieces."""
    made = Product(f"test_{'_'.join(codes)}", name, "compound", TOLD, zh=name, unit="丸", pieces=codes)
    return made.code, with_products(made, reference=reference)


def with_products(*products: Product, reference: Reference = REFERENCE) -> Reference:
    return replace(reference, products={**reference.products, **{one.code: one for one in products}})


def found(rx, person=MAN, *others, reference=REFERENCE, **more):
    return evaluate(reference, rx, person, others, **more)


def rules(findings):
    return {finding.rule for finding in findings}


def of(findings, rule):
    """The findings of a rule; an exact number is the caller's to say."""
    return [finding for finding in findings if finding.rule == rule]


def severity(findings, rule):
    """The worst of a rule; None where it was not found."""
    return max((finding.severity for finding in of(findings, rule)), default=None)
