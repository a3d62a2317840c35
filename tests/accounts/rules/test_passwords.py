from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suwen.accounts.errors import PasswordTooLong, PasswordTooShort, WeakPassword
from suwen.accounts.rules.known_passwords import KNOWN
from suwen.accounts.rules.passwords import checked

OWN = ("lina", "+8613800138000", "li.na@example.org", "Li Na")


@pytest.mark.parametrize(
    "weak",
    ["password", "Password123!", "12345678", "123456789", "87654321", "qwertyui", "asdfghjkl", "1qaz2wsx", "abcdefgh",
     "aaaaaaaa", "abababab", "abcabcabc", "12341234", "19850312", "1985-03-12", "12031985", "woaini1314", "5201314520",
     "88888888", "woaini520!", "lina1234", "13800138000", "li.na@example.org", "li.na2024", "lina"],
)  # fmt: skip
def test_what_everybody_would_try_is_refused(weak):
    with pytest.raises(WeakPassword) as refused:
        checked(weak, OWN)
    assert list(refused.value.fields) == ["password"]


@pytest.mark.parametrize(
    "good",
    [
        "correct horse battery",
        "hx8rkq2p",
        "春眠不觉晓处处闻",
        "   spaces   in it",
        "tr0ub4dor&3",
        "x" * 3 + "zQ9vLm4" * 17,
    ],
)
def test_length_and_rarity_are_enough(good):
    assert checked(good, OWN) == good


def test_length():
    with pytest.raises(PasswordTooShort):
        checked("hx8rkq2")
    with pytest.raises(PasswordTooLong):
        checked("hx8rkq2p" * 16 + "x")
    assert checked("hx8rkq2p zu7" + "é" * 116)


@given(st.text(min_size=8, max_size=128))
def test_a_password_is_never_changed(text):
    with suppress(WeakPassword):
        assert checked(text, OWN) == text


def test_the_list_is_of_a_few_hundred_and_lower_case():
    assert len(KNOWN) > 400
    assert all(word == word.casefold() for word in KNOWN)
