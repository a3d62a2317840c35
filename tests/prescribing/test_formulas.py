"""Classic formulas: read whole, refused when wrong."""

from decimal import Decimal

import pytest

from suwen.prescribing.formulas import ROLES, BadFormulas, formulas, load
from suwen.prescribing.reference import reference
from suwen.prescribing.rules.findings import Item, Person, Prescribed, Severity
from suwen.prescribing.rules.safety import evaluate

HEAD = "defaults: {form: decoction, doses: 7}\nformulas:\n"
ONE = (
    "  - {code: x, name: 某汤, pinyin: mou tang, english: A, group: tonic, source: 某书, zh: 虚, en: weak, "
    "pieces: [%s]}\n"
)


def test_the_file_is_whole():
    found = formulas()
    assert len(found) >= 40
    assert {"sijunzi", "guizhi", "xiaochaihu", "yinqiao", "xuefuzhuyu", "duhuojisheng"} <= set(found)
    assert len({one.name for one in found.values()}) == len(found)
    for one in found.values():
        assert any(piece.role == "君" for piece in one.pieces), one.name
        order = [ROLES.index(piece.role) for piece in one.pieces]
        assert order == sorted(order), one.name  # as it is written: 君臣佐使
        assert {"form", "doses", "doses_per_day", "times_per_day"} <= set(one.regimen)
        assert one.provenance.source, one.name


def test_a_formula_as_it_is_read():
    one = formulas()["guizhi"]
    assert (one.name, one.pieces[0].name, one.pieces[0].amount) == ("桂枝汤", "桂枝", Decimal(9))
    assert one.regimen["doses"] == 3
    assert one.regimen["ml"] == 400


@pytest.mark.parametrize("typed", ["桂枝", "桂枝汤", "guizhi", "gui zhi", "gzt", "GZT", "cinnamon twig"])
def test_found_by_what_a_doctor_types(typed):
    assert "guizhi" in [one.code for one in formulas().values() if one.answers_to(typed)]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("皇 人参 9", "is not role"),
        ("君 人参", "is not role"),
        ("君 人参 9.9.9", "has no amount"),
        ("君 人参 9, 臣 人参 3", "twice"),
    ],
)
def test_a_wrong_line_is_refused(lines, said):
    with pytest.raises(BadFormulas, match=said):
        load(HEAD + ONE % lines)


def test_a_wrong_entry_is_refused():
    with pytest.raises(BadFormulas, match="twice"):
        load(HEAD + 2 * (ONE % "君 人参 9"))
    with pytest.raises(BadFormulas, match="group"):
        load(HEAD + (ONE % "君 人参 9").replace("tonic", "magic"))
    with pytest.raises(BadFormulas, match="lacks en"):
        load(HEAD + (ONE % "君 人参 9").replace("en: weak", "en: ''"))


def test_every_piece_is_in_the_reference_with_its_method():
    data = reference()
    for one in formulas().values():
        for piece in one.pieces:
            [code] = data.names[piece.name]
            asked = data.pieces[code].method
            assert not asked or piece.method == asked, (one.name, piece.name, asked)


@pytest.mark.parametrize("one", formulas().values(), ids=lambda one: one.code)
def test_nothing_is_held_against_a_formula_for_a_healthy_man(one):
    data = reference()
    items = tuple(Item(p.name, data.names[p.name][0], p.amount, method=p.method) for p in one.pieces)
    rx = Prescribed("herbal", items, doses=one.regimen["doses"], doses_per_day=Decimal(one.regimen["doses_per_day"]))
    man = Person(sex="male", age_days=365 * 40, pregnancy="no", allergies_known=True)
    grave = [found for found in evaluate(data, rx, man) if found.severity >= Severity.WARN]
    assert not grave or one.conflict_zh, [found.en for found in grave]
