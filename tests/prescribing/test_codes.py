from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suwen.prescribing.rules import codes

DAY = date(2030, 1, 1)


def test_a_number():
    assert codes.number(DAY, "001", 482913) == "RX3001010014829131"


def test_the_check_digit_is_luhns():
    # the textbook's example, and the least and the greatest
    assert codes.check_digit("7992739871") == "3"
    assert codes.check_digit("0" * 15) == "0"
    assert codes.check_digit("9" * 15) == "5"


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)), st.integers(0, 999), st.integers(0, 999_999))
def test_every_number_fits_its_column_and_is_read_again(day, organisation, sequence):
    code = codes.number(day, f"{organisation:03d}", sequence)
    assert len(code) == 18
    assert codes.read(code) == code
    assert codes.read(f" {code[:2].lower()} {code[2:8]}-{code[8:11]} {code[11:]} ") == code
    assert codes.read(code[2:]) == code


@given(st.integers(0, 999_999), st.integers(2, 17), st.integers(1, 9))
def test_a_wrong_digit_is_found(sequence, place, by):
    code = codes.number(DAY, "001", sequence)
    wrong = code[:place] + str((int(code[place]) + by) % 10) + code[place + 1 :]
    assert codes.read(wrong) is None


@given(st.integers(0, 999_999), st.integers(2, 16))
def test_two_digits_that_changed_places_are_found(sequence, place):
    code = codes.number(DAY, "001", sequence)
    pair = code[place : place + 2]
    if pair[0] != pair[1] and set(pair) != {"0", "9"}:  # 09 and 90 are what Luhn's digit cannot tell apart
        assert codes.read(code[:place] + pair[::-1] + code[place + 2 :]) is None


@pytest.mark.parametrize("text", ["", "RX", "RX30010100148291", "hello", "RX30010100148291٣9", "RX3001010014829131 1"])
def test_what_is_no_number(text):
    assert codes.read(text) is None


def test_full_width_digits_and_numbers_of_the_first_releases_are_read():
    assert codes.read("ＲＸ３００１０１００１４８２９１３１") == "RX3001010014829131"
    assert codes.read("RX20300101000001") is not None


@pytest.mark.parametrize(("organisation", "sequence"), [("1", 0), ("0001", 0), ("abc", 0), ("001", 1_000_000)])
def test_what_does_not_fit_is_refused(organisation, sequence):
    with pytest.raises(ValueError, match=organisation):
        codes.number(DAY, organisation, sequence)


def test_drawn_numbers_differ():
    assert len({codes.fresh(DAY) for _ in range(50)}) > 45
