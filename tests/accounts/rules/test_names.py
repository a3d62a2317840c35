"""Equal means equal: how names, addresses and numbers are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suwen.accounts.errors import BadEmail, BadPhone, NotAnAccountName
from suwen.accounts.rules import devices, names


@pytest.mark.parametrize(
    ("text", "e164"),
    [
        ("13800138000", "+8613800138000"),
        ("138 0013-8000", "+8613800138000"),
        ("１３８００１３８０００", "+8613800138000"),
        ("+86 138 0013 8000", "+8613800138000"),
        ("0086 13800138000", "+8613800138000"),
        ("+44 20 7946 0958", "+442079460958"),
        ("+1 (212) 555-2368", "+12125552368"),
    ],
)
def test_phone(text, e164):
    assert names.phone(text) == e164
    assert names.phone(e164) == e164


@pytest.mark.parametrize("text", ["", "hello", "123", "+", "138001380001234567", "13800138000; DROP", "+999123456789"])
def test_no_phone(text):
    with pytest.raises(BadPhone) as refused:
        names.phone(text)
    assert list(refused.value.fields) == ["phone"]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (" Li.Na@Example.ORG ", "li.na@example.org"),
        ("ｌｉ@example.org", "li@example.org"),
        ("李@例子.org", "李@例子.org"),
    ],
)
def test_email(text, kept):
    assert names.email(text) == kept


@pytest.mark.parametrize("text", ["", "li", "li@", "@example.org", "li@example", "a b@example.org", "li@@example.org"])
def test_no_email(text):
    with pytest.raises(BadEmail):
        names.email(text)


@pytest.mark.parametrize(("text", "kept"), [("LiNa", "lina"), (" li.na-1_x ", "li.na-1_x"), ("李娜娜", "李娜娜")])
def test_account(text, kept):
    assert names.account(text) == kept


@pytest.mark.parametrize("text", ["", "li", "13800138000", "+86138", "li na", "li@na", "a" * 101, "li\u200bna!", "<b>"])
def test_no_account(text):
    with pytest.raises(NotAnAccountName):
        names.account(text)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("LiNa", ("account", "lina")),
        ("Li@Example.org", ("email", "li@example.org")),
        ("138 0013 8000", ("phone", "+8613800138000")),
        ("+442079460958", ("phone", "+442079460958")),
        ("12", ("account", "")),
        ("no@mail", ("account", "")),
    ],
)
def test_what_a_sign_in_means(typed, meant):
    assert names.login(typed) == meant


@given(st.text(max_size=300))
def test_a_sign_in_never_breaks_and_means_one_thing(text):
    column, value = names.login(text)
    assert column in ("account", "email", "phone")
    assert len(value) <= 300


@given(st.text(min_size=1, max_size=40))
def test_writing_it_plainly_twice_changes_nothing(text):
    once = names.plain(text)
    assert names.plain(once) == once


@pytest.mark.parametrize(
    ("name", "first_last"),
    [
        ("李娜", ("娜", "李")),
        ("欧阳修", ("修", "欧阳")),
        ("欧阳", ("阳", "欧")),
        ("张", ("", "张")),
        ("Ana María Cruz", ("Ana María", "Cruz")),
        ("Cher", ("Cher", "")),
        ("Li Na 李娜", ("Li Na", "李娜")),
    ],
)
def test_first_and_last_name(name, first_last):
    assert names.split(name) == first_last


def test_how_numbers_and_addresses_are_shown():
    assert names.show_phone("+8613800138000") == "13800138000"
    assert names.show_phone("+442079460958") == "+44 20 7946 0958"
    assert names.show_phone(None) == ""


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64) AppleWebKit/537.36 Chrome/131.0 Safari/537.36 Edg/131.0",
            "Edge, Windows",
        ),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0) Version/17.0 Mobile Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/130 Mobile Safari MicroMessenger/8.0", "WeChat, Android"),
        ("curl/8.0", "curl"),
        ("something/1", "something"),
        (None, ""),
    ],
)
def test_devices(agent, device):
    assert devices.named(agent) == device
