"""Of the engine as a whole: order, doubles and additions; keys, answers, and what still stands in the way."""

import re
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.prescribing.rules.findings import Finding, Item, Person, Prescribed
from suwen.prescribing.rules.safety import RULES, blocks, evaluate, key, needs, subject
from tests.prescribing.rules.writing import (
    BLOCK,
    DAY,
    FORBID,
    INFO,
    MAN,
    REFERENCE,
    formula,
    found,
    herb,
    medicines,
    of,
    person,
    product,
    rules,
    woman,
)  # fmt: skip

# pieces about which there is something to find, and others
TELLING = [one.code for one in REFERENCE.pieces.values() if one.toxicity or one.pregnancy or one.method or one.cautions]
TELLING += sorted({code for row in REFERENCE.incompatibilities for code in row.left | row.right})
GRAMS = st.sampled_from(["0.05", "0.5", "2", "3", "9", "15", "16", "31"]).map(Decimal)
HERBS = st.builds(
    Item, name=st.just("x"), code=st.sampled_from(TELLING + list(REFERENCE.pieces)), amount=st.none() | GRAMS,
    method=st.sampled_from(["", "先煎", "后下", "冲服"]), raw_said=st.booleans(),
)  # fmt: skip
PRODUCTS = st.builds(
    Item, name=st.just("x"), code=st.sampled_from(sorted(REFERENCE.products)),
    amount=st.sampled_from([None, Decimal(1), Decimal(4)]),
    times_per_day=st.sampled_from([None, Decimal(1), Decimal(3)]), as_needed=st.booleans(),
    days=st.none() | st.integers(1, 20),
    quantity=st.sampled_from([None, Decimal(1), Decimal(30)]),
)  # fmt: skip
NOBODY_KNOWS = st.builds(Item, name=st.sampled_from(["神秘草", "x.y"]))
PEOPLE = st.builds(
    Person, sex=st.sampled_from(["male", "female", "unknown"]), age_days=st.none() | st.integers(0, 36000),
    weight_kg=st.none() | st.just(Decimal(20)), pregnancy=st.sampled_from(["pregnant", "possible", "trying", "no",
    "unknown"]),
    lactating=st.none() | st.booleans(), menstruating=st.none() | st.booleans(), allergies_known=st.booleans(),
    allergies=st.lists(st.sampled_from(["青霉素", "头孢", "海鲜", "半夏", "阿司匹林"]), max_size=3).map(tuple),
    conditions=st.frozensets(st.sampled_from(["renal", "hepatic", "hypertension", "asthma"])),
)  # fmt: skip


@st.composite
def prescriptions(draw, label=""):
    kind = draw(st.sampled_from(["herbal", "general"]))
    items = draw(st.lists((HERBS if kind == "herbal" else PRODUCTS) | NOBODY_KNOWS, max_size=8))
    first = draw(st.none() | st.integers(0, 20))
    return Prescribed(
        kind, tuple(items),
        form=draw(st.sampled_from(["decoction", "powder", "granules", "external"])) if kind == "herbal" else "other",
        doses=draw(st.integers(1, 14)), doses_per_day=draw(st.sampled_from([Decimal(1), Decimal("0.5"), Decimal(2)])),
        channel=draw(st.sampled_from(["online", "offline"])), label=label,
        first_day=None if first is None else DAY + timedelta(days=first),
        last_day=None if first is None else DAY + timedelta(days=first + draw(st.integers(0, 14))),
    )  # fmt: skip


OTHERS = st.tuples(*(prescriptions(label=f"RX{number}") for number in range(2)))


def told(finding: Finding):
    """Everything but the places."""
    return replace(finding, lines=())


def worst(findings):
    """By rule and names, for what must not be lost. INFO may go: twice too little is enough."""
    found_here: dict = {}
    for one in findings:
        if one.severity > INFO:
            name = (one.rule, one.data[0])
            found_here[name] = max(found_here.get(name, 0), one.severity)
    return found_here


def not_less(before, after):
    before, after = worst(before), worst(after)
    assert {name: severity for name, severity in before.items() if after.get(name, 0) < severity} == {}


@given(prescriptions(), PEOPLE, OTHERS, st.randoms(use_true_random=False))
@settings(max_examples=150)
def test_the_order_of_items_does_not_matter(rx, who, others, chance):
    order = list(range(len(rx.items)))
    chance.shuffle(order)
    turned = replace(rx, items=tuple(rx.items[place] for place in order))
    before, after = evaluate(REFERENCE, rx, who, others), evaluate(REFERENCE, turned, who, others[::-1])
    mixed = {"too_many"}  # says that there are too many, and points at the last
    assert Counter(told(one) for one in before if one.rule not in mixed) == Counter(
        told(one) for one in after if one.rule not in mixed
    )
    there = {(told(one), frozenset(order.index(line) for line in one.lines)) for one in before if one.rule not in mixed}
    assert there == {(told(one), frozenset(one.lines)) for one in after if one.rule not in mixed}


@given(prescriptions(), PEOPLE, OTHERS, st.data())
@settings(max_examples=150)
def test_nothing_is_lost_by_writing_an_item_twice(rx, who, others, data):
    if rx.items:
        again = data.draw(st.sampled_from(rx.items))
        twice = replace(rx, items=(*rx.items, again))
        not_less(evaluate(REFERENCE, rx, who, others), evaluate(REFERENCE, twice, who, others))


@given(prescriptions(), PEOPLE, OTHERS, HERBS | PRODUCTS | NOBODY_KNOWS)
@settings(max_examples=150)
def test_nothing_is_lost_by_whatever_is_added(rx, who, others, item):
    more = replace(rx, items=(*rx.items, item))
    not_less(evaluate(REFERENCE, rx, who, others), evaluate(REFERENCE, more, who, others))
    not_less(evaluate(REFERENCE, rx, who, others[:1]), evaluate(REFERENCE, rx, who, others))


@given(prescriptions(), PEOPLE, OTHERS)
@settings(max_examples=150)
def test_what_is_found_is_complete(rx, who, others):
    findings = evaluate(REFERENCE, rx, who, others)
    assert findings == evaluate(REFERENCE, rx, who, others)
    assert findings == sorted(findings, key=lambda one: -one.severity)
    known = {one.id for one in RULES}
    labels = {other.label for other in others}
    for one in findings:
        assert re.sub(r"^(F18|W19)-\d.*", r"\1-n", one.rule) in known
        assert one.zh
        assert one.en
        assert one.source
        assert "None" not in one.zh + one.en + one.source
        assert bool(one.lines) is (one.rule != "other_unknown")
        assert all(0 <= line < len(rx.items) for line in one.lines)
        assert one.other in labels | {""}
        assert re.fullmatch(r"[\w:+-]+", key(one))
    assert not [one for one in findings if one.severity is FORBID and one not in blocks(findings, everything(findings))]


def everything(findings):
    return {key(one): "因病情需要，已告知患者" for one in findings}


def test_a_key_names_the_rule_the_items_and_the_amount():
    one = of(found(formula("陈皮", herb("附子", "16.5"))), "dose_high")[0]
    assert key(one) == "dose_high:fuzi:16_5"
    assert subject(one) == "dose_high:fuzi"
    moved = of(found(formula(herb("附子", "16.5"), "陈皮")), "dose_high")[0]
    assert key(moved) == key(one)
    assert key(of(found(formula(herb("附子", "17"))), "dose_high")[0]) != key(one)
    pair = of(found(formula("附子", "法半夏")), "F18-1")[0]
    assert key(pair) == key(of(found(formula("法半夏", "附子")), "F18-1")[0]) == "F18-1:fabanxia+fuzi"
    across = of(found(formula("附子"), MAN, formula("法半夏", label="RX1")), "F18-1")[0]
    assert key(across) == "F18-1:fabanxia+fuzi:RX1"
    odd, other = (of(found(formula(Item(name))), "unknown")[0] for name in ("a.b", "a b"))
    assert key(odd) != key(other)


IBUPROFEN = [product(f"ibuprofen_{form}") for form in ("tab_0p2g", "ercap_0p3g", "susp_20mg_per_ml")]


@pytest.mark.parametrize(
    ("rule", "rx"),
    [
        ("duplicate_ingredient", medicines(*IBUPROFEN[:2])),
        ("duplicate_class", medicines(IBUPROFEN[0], "diclofenac_ec_25mg")),
        ("duplicate_product", medicines(IBUPROFEN[0], IBUPROFEN[0])),
        ("allergy_unstructured", medicines("loratadine_tab_10mg")),
    ],
)
def test_a_nod_to_two_is_none_to_three(rule, rx):
    who = replace(MAN, allergies=("海鲜",))
    more = replace(rx, items=(*rx.items, IBUPROFEN[2] if rule != "duplicate_product" else IBUPROFEN[0]))
    turned = replace(more, items=more.items[::-1])
    [before], [after], [again] = (of(found(each, who), rule) for each in (rx, more, turned))
    assert subject(before) == subject(after)
    assert key(before) != key(after) == key(again)
    assert blocks([before], {key(before): "ok"}) == []
    assert blocks([after], {key(before): "ok"}) == [after]


def test_a_toxic_piece_in_one_more_prescription_is_looked_at_again():
    fuzi = formula(herb("附子", "3"))
    one, two = replace(fuzi, label="RX1"), replace(fuzi, label="RX2")
    [before], [after] = (of(found(fuzi, MAN, *others), "duplicate_piece_beside") for others in ((one,), (one, two)))
    assert key(before) != key(after)


def test_what_still_stands_in_the_way():
    rx = formula(herb("附子", "16"), herb("雄黄", "0.05"), herb("桃仁", "4"), method := herb("薄荷", "3", method=""))
    assert method.code
    findings = found(rx, woman(pregnancy="pregnant"))
    by_rule = {one.rule: one for one in findings}
    assert {needs(by_rule[rule]) for rule in ("dose_high", "pregnancy_caution")} == {"reason"}
    assert needs(by_rule["toxic_online"]) == needs(by_rule["pregnancy_forbidden"]) == "never"
    assert needs(by_rule["method_missing"]) == "acknowledgement"
    assert needs(by_rule["dose_low"]) == "nothing"
    left = {one.rule for one in blocks(findings, {})}
    assert "dose_low" not in left
    assert {"dose_high", "toxic_online", "pregnancy_caution", "method_missing"} <= left
    answers = everything(findings)
    assert {needs(one) for one in blocks(findings, answers)} == {"never"}
    short = answers | {key(by_rule["dose_high"]): " 好的 ", key(by_rule["method_missing"]): "好"}
    assert "dose_high" in {one.rule for one in blocks(findings, short)}
    assert "method_missing" not in {one.rule for one in blocks(findings, short)}


@pytest.mark.parametrize(
    ("rx", "who", "rule"),
    [
        (formula(herb("三棱", "6")), woman(), "pregnancy_unknown"),
        (medicines(product("paracetamol_susp_32mg_per_ml", "5", "3")), person(5, weight_kg=None), "weight_missing"),
        (formula("陈皮"), replace(MAN, allergies_known=False), "allergy_unknown"),
    ],
)
def test_a_question_is_not_answered_by_a_reason(rx, who, rule):
    findings = found(rx, who)
    assert [needs(one) for one in of(findings, rule)] == ["answer"]
    assert rule in {one.rule for one in blocks(findings, everything(findings))}


def test_nothing_to_find_is_nothing():
    harmless = formula(herb("陈皮", "6"), herb("茯苓", "12"), herb("甘草", "6"))
    assert found(harmless) == []
    assert found(medicines(product("amoxicillin_cap_0p25g", "2", "3", quantity=Decimal(48)))) == []
    assert found(formula()) == []


def test_a_classic_formula_needs_no_more_than_it_should():
    """四逆汤 with what it must have; 半夏 beside it, and the same without 先煎."""
    sini = formula(herb("附子", "15"), herb("干姜", "6"), herb("炙甘草", "6"))
    assert rules(found(sini)) == set()
    wrong = formula(herb("附子", "15", method=""), herb("干姜", "6"), herb("炙甘草", "6"), herb("法半夏", "9"))
    assert {one.rule: one.severity for one in found(wrong)} == {"F18-1": BLOCK, "method_missing": BLOCK}


def test_every_rule_has_a_test_that_names_it():
    text = "".join(path.read_text() for path in Path(__file__).parent.glob("test_rules_*.py"))
    assert [one.id for one in RULES if f'"{one.id}"' not in text and one.id not in ("F18-n", "W19-n")] == []
    assert len({one.id for one in RULES}) == len(RULES)
