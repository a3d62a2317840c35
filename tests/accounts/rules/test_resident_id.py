"""Resident IDs: the check character, the date, the sex, the mask."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suwen.accounts.errors import BadResidentId, ResidentIdBirthday, ResidentIdGender
from suwen.accounts.rules import resident_id

TODAY = date(2030, 1, 1)
numbers = st.builds(
    lambda area, born, order: f"{area}{born:%Y%m%d}{order:03d}",
    st.integers(110000, 659999), st.dates(date(1900, 1, 1), date(2029, 12, 31)), st.integers(1, 999),
).map(lambda digits: digits + resident_id.check(digits))  # fmt: skip


@pytest.mark.parametrize(
    "number", ["11010519491231002X", "11010519491231002x", "440524188001010014", " 440106195804120429 "]
)
def test_known_good(number):
    assert resident_id.checked(number, None, None, TODAY) == number.strip().upper()


def test_fifteen_digits_are_kept_as_eighteen():
    assert resident_id.checked("110105491231002", date(1949, 12, 31), "female", TODAY) == "11010519491231002X"


@given(numbers)
def test_every_good_number_passes_with_what_it_says(number):
    born, sex = resident_id.birth_date(number), resident_id.sex(number)
    assert resident_id.checked(number, born, sex, TODAY) == number
    assert resident_id.masked(number) == f"{number[:3]}***********{number[-4:]}"
    assert number[3:14] not in resident_id.masked(number)


@given(numbers, st.integers(0, 17), st.sampled_from("0123456789X"))
def test_one_wrong_character_is_always_met(number, place, other):
    """The check finds every single error; that is what it is for."""
    wrong = number[:place] + other + number[place + 1 :]
    if wrong != number:
        with pytest.raises(BadResidentId):
            resident_id.checked(wrong, None, None, TODAY)


@given(numbers)
def test_another_birthday_or_sex_is_refused(number):
    born, sex = resident_id.birth_date(number), resident_id.sex(number)
    other_day = born.replace(day=1) if born.day != 1 else born.replace(day=2)
    with pytest.raises(ResidentIdBirthday):
        resident_id.checked(number, other_day, sex, TODAY)
    with pytest.raises(ResidentIdGender):
        resident_id.checked(number, born, "male" if sex == "female" else "female", TODAY)
    assert resident_id.checked(number, born, "other", TODAY)


@given(st.text(max_size=20))
def test_nonsense_is_refused_and_breaks_nothing(text):
    with pytest.raises(BadResidentId) as refused:
        resident_id.checked(text, None, None, TODAY)
    assert list(refused.value.fields) == ["id_number"]


def test_a_day_that_is_not_there_or_not_yet():
    for digits in ("11010519490230002", "11010520991231002", "11010500001231002"):
        with pytest.raises(BadResidentId):
            resident_id.checked(digits + resident_id.check(digits), None, None, TODAY)


def test_other_digits_are_no_digits():
    with pytest.raises(BadResidentId):
        resident_id.checked("१११११११११११११११", None, None, TODAY)
