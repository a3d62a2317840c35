"""Milligrams of ingredients in a day: over all lines and other active prescriptions, whatever product brings them."""

from collections.abc import Iterator
from decimal import Decimal

from suwen.prescribing.rules.case import Carrier, Case, Line, peak
from suwen.prescribing.rules.findings import Finding, Severity
from suwen.prescribing.rules.reference import Ingredient
from suwen.prescribing.rules.saying import Rule, act, cited, found, listed, number

HIGH = Rule(
    "ingredient_high", "BLOCK_OVERRIDE",
    "More of an ingredient in one day than its limit, all products and prescriptions together", "B-R3",
)  # fmt: skip
COMPOUND = Rule(
    "paracetamol_compound", "BLOCK_OVERRIDE", "More paracetamol from compound products than the policy allows", "B-R3"
)
WEIGHT = Rule(
    "weight_missing", "WARN, asks for the weight", "A child's dose goes by weight, which is not known", "B-R8"
)
UNCHECKED = Rule(
    "ingredient_unchecked", "WARN", "An ingredient with a limit, but amount or times a day are not said", "B-R3"
)
NO_LIMIT = Rule(
    "ingredient_no_limit", "INFO; WARN for a substance of which a little too much is harmful",
    "An ingredient without a limit: its dose was not checked", "B-R3",
)  # fmt: skip
RULES = (HIGH, COMPOUND, WEIGHT, UNCHECKED, NO_LIMIT)
PARACETAMOL = "paracetamol"


def findings(case: Case) -> Iterator[Finding]:
    for code in sorted({carrier.code for carrier in case.substances()}):
        ingredient = case.reference.ingredients.get(code)
        if ingredient:
            yield from _of_one(case, ingredient, case.carriers[code])
    for line, product in case.products():
        known = [
            case.reference.ingredients[code] for code, _ in product.ingredients if code in case.reference.ingredients
        ]
        unlimited = [one for one in known if not one.narrow and limit_of(case, one) is None]
        if unlimited and product.form != "external":
            yield _not_checked(line, unlimited)


def times_a_day(line: Line) -> Decimal | None:
    """As needed: the most it may be."""
    item = line.item
    return item.most_per_day or item.times_per_day if item.as_needed else item.times_per_day


def milligrams(line: Line, code: str) -> Decimal | None:
    """In a day; None where the prescription does not say enough."""
    times, amount = times_a_day(line), line.item.amount
    if line.product is None or times is None or amount is None:
        return None
    return sum((per_unit for one, per_unit in line.product.ingredients if one == code), Decimal(0)) * amount * times


def limit_of(case: Case, ingredient: Ingredient) -> Decimal | None:
    """For this person; a child's is never above an adult's."""
    adult = case.policy.paracetamol_limit if ingredient.code == PARACETAMOL else ingredient.adult_limit
    weight = case.person.weight_kg
    if not case.child or ingredient.child_limit_per_kg is None or not weight:
        return adult
    child = ingredient.child_limit_per_kg * weight
    return child if adult is None else min(child, adult)


def _of_one(case: Case, ingredient: Ingredient, carriers: list[Carrier]) -> Iterator[Finding]:
    own = [carrier.line for carrier in carriers if carrier.line.own]
    subject, source = {ingredient.code}, cited(ingredient.provenance)
    if case.child and ingredient.child_limit_per_kg is not None and not case.person.weight_kg:
        zh = f"{ingredient.zh}（{listed(own)[0]}）儿童按体重给药，请填写体重。"
        en = f"{ingredient.name} ({listed(own)[1]}) is dosed by weight in children. Enter the weight."
        yield found(WEIGHT, Severity.WARN, own, zh, en, subject=subject, source=source, asks="weight")
    limit = limit_of(case, ingredient)
    if limit is None:
        if ingredient.narrow and own:
            yield _look(ingredient, own)
        return
    # what one may take is a matter of days, not of lines: cream and drops have no milligrams here
    unsaid = [line for line in own if milligrams(line, ingredient.code) is None]
    if unsaid:
        zh = (
            f"{listed(unsaid)[0]} 未写明每次用量或每日次数，"
            f"{ingredient.zh}每日上限 {number(limit)} mg 未核对。请补充或确认。"
        )
        en = (
            f"{listed(unsaid)[1]}: amount or times a day are not said, so the limit of "
            f"{ingredient.name}, {number(limit)} mg a day, was not checked. Complete it, or confirm."
        )
        yield found(UNCHECKED, Severity.WARN, unsaid, zh, en, subject=subject, source=source)
    amounts = [(one.line, milligrams(one.line, ingredient.code) or Decimal(0)) for one in carriers]
    yield from _over(HIGH, case, ingredient, amounts, limit)
    if ingredient.code == PARACETAMOL:
        compound = [(line, mg) for line, mg in amounts if _is_compound(line)]
        yield from _over(COMPOUND, case, ingredient, compound, case.policy.paracetamol_compound_limit)


def _not_checked(line: Line, ingredients: list[Ingredient]) -> Finding:
    zh_names, en_names = "、".join(one.zh for one in ingredients), ", ".join(one.name for one in ingredients)
    zh = f"{line.zh}：目录中没有{zh_names}的每日上限，剂量未核对。"
    en = f"{line.en}: no limit for {en_names} is known, its dose was not checked."
    return found(NO_LIMIT, Severity.INFO, [line], zh, en, source=cited(ingredients[0].provenance))


def _look(ingredient: Ingredient, own: list[Line]) -> Finding:
    """The amount stands in the sentence, and in the key: a nod for one tablet is none for twelve."""
    taken = sorted({_taken(line) for line in own})
    zh_taken, en_taken = "、".join(zh for zh, _ in taken), ", ".join(en for _, en in taken)
    total = sum((milligrams(line, ingredient.code) or Decimal(0) for line in own), Decimal(0))
    zh = f"{ingredient.zh}治疗窗窄，目录中没有每日上限，剂量未核对：{zh_taken}。请核对剂量并确认。"
    en = (
        f"{ingredient.name} has a narrow range and no limit that is known here: its dose was not checked ({en_taken}). "
        "Look at the dose, and confirm."
    )
    return found(NO_LIMIT, Severity.WARN, own, zh, en, subject={ingredient.code}, source=cited(ingredient.provenance),
                 dose=number(total) if total else "")  # fmt: skip


def _taken(line: Line) -> tuple[str, str]:
    times, amount, unit = times_a_day(line), line.item.amount, line.product.unit if line.product else line.item.unit
    zh_amount, en_amount = (
        (f"每次 {number(amount)}{unit}", f"{number(amount)} {unit}") if amount else ("未写明每次用量", "no amount")
    )
    zh_times, en_times = (
        (f"每日 {number(times)} 次", f"{number(times)} a day") if times else ("未写明次数", "times not said")
    )
    return f"{line.zh} {zh_amount}、{zh_times}", f"{line.en}: {en_amount}, {en_times}"


def _is_compound(line: Line) -> bool:
    return line.product is not None and (line.product.kind == "compound" or len(line.product.ingredients) > 1)


def _over(
    rule: Rule, case: Case, ingredient: Ingredient, amounts: list[tuple[Line, Decimal]], limit: Decimal
) -> Iterator[Finding]:
    total, lines = peak([(line, mg) for line, mg in amounts if mg])
    if total <= limit:
        return
    zh_names, en_names = listed(lines)
    zh_act, en_act = act(Severity.BLOCK_OVERRIDE)
    child = f"，按体重 {number(case.person.weight_kg)} kg" if case.child and case.person.weight_kg else ""
    child_en = f" at {number(case.person.weight_kg)} kg" if case.child and case.person.weight_kg else ""
    what_zh, what_en = ("复方制剂中的", " from compound products") if rule is COMPOUND else ("", "")
    zh = (
        f"{what_zh}{ingredient.zh} 合计每日 {number(total)} mg，超过上限 "
        f"{number(limit)} mg{child}：{zh_names}。请减量；{zh_act}"
    )
    en = (
        f"{ingredient.name}{what_en}: {number(total)} mg a day is more "
        f"than {number(limit)} mg{child_en}: {en_names}. Lower it. {en_act}"
    )
    yield found(rule, Severity.BLOCK_OVERRIDE, lines, zh, en, subject={ingredient.code},
                source=cited(ingredient.provenance), dose=number(total), limit=number(limit))  # fmt: skip
