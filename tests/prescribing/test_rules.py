import pytest
from hypothesis import given
from hypothesis import strategies as st

from suwen.prescribing import rules
from suwen.prescribing.errors import BadDuration

LINE = {"name": "炙甘草", "dosage": "10 g", "frequency": "每日两次"}


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("7天", 7), ("7 天", 7), ("７天", 7), ("14日", 14), ("1 day", 1), ("10 Days", 10), ("2周", 14), ("3星期", 21),
        ("2 weeks", 14), ("1个月", 30), ("2 months", 60), ("until it is better", None), ("7-10天", None), ("天", None),
        ("", None), (None, None), ("1.5天", None),
    ],
)  # fmt: skip
def test_how_many_days_a_text_means(text, days):
    assert rules.days_of(text) == days


@given(st.integers(1, 365), st.sampled_from(["zh-CN", "en"]))
def test_days_become_words_and_words_days(days, locale):
    line = rules.with_both({"duration_days": days}, 0, locale)
    assert rules.days_of(line["duration"]) == days
    assert rules.with_both({"duration": line["duration"]}, 0, locale)["duration_days"] == days


def test_a_text_of_its_own_stays():
    assert rules.with_both({"duration": "until the cough is gone"}, 0, "en") == {"duration": "until the cough is gone"}
    both = {"duration": "until the cough is gone", "duration_days": 10}
    assert rules.with_both(both, 0, "en") == both


def test_what_disagrees_is_refused_at_its_line():
    with pytest.raises(BadDuration) as refused:
        rules.with_both({"duration": "2 weeks", "duration_days": 7}, 3, "en")
    assert list(refused.value.fields) == ["medicines.3.duration_days"]


def test_what_is_missing_before_a_signature():
    assert rules.gaps("general", "脾虚", [LINE], None) == {}
    assert set(rules.gaps("general", " ", [], None)) == {"diagnosis", "medicines"}
    assert set(rules.gaps("general", "x", [LINE, {"name": "生姜", "dosage": " "}], None)) == {
        "medicines.1.dosage", "medicines.1.frequency"
    }  # fmt: skip
    assert rules.gaps("herbal", "x", [{"name": "生姜", "dosage": "9g"}], {"doses": 7}) == {}
    assert set(rules.gaps("herbal", "x", [LINE], {})) == {"regimen.doses"}
