"""What visitors say of themselves is remembered, and anybody may say anything: no memory of it grows without end."""

import pytest

from suwen.core import times
from suwen.core.actor import GUEST
from suwen.core.i18n import negotiate
from suwen.core.web.reader import preferences, reader_of


def read(**headers):
    lines = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return reader_of({"headers": lines}, GUEST, "Asia/Shanghai")


def test_no_number_of_languages_fills_the_memory():
    for number in range(1500):
        assert read(accept_language=f"x-{number},en;q=0.5").locale == "en"
    assert negotiate.cache_info().currsize <= 1000


def test_of_a_long_list_only_the_beginning_is_looked_at_and_remembered():
    negotiate.cache_clear()
    assert {read(accept_language="en," + "x" * 60_000 + str(number)).locale for number in range(20)} == {"en"}
    assert negotiate.cache_info().currsize == 1


@pytest.mark.parametrize(("padding", "kept"), [(10, 20), (60_000, 0)])
def test_long_cookies_are_read_and_not_remembered(padding, kept):
    preferences.cache_clear()
    for number in range(20):
        found = read(cookie=f"lang=en; theme=dark; zone=Europe/Berlin; pad={'x' * padding}{number}")
        assert (found.locale, found.theme, found.zone.key) == ("en", "dark", "Europe/Berlin")
    assert preferences.cache_info().currsize == kept


def test_a_long_name_of_a_zone_is_refused_and_not_remembered():
    before = times._zone_of.cache_info().misses
    assert times.known_zone("x" * 60_000) is None
    assert times._zone_of.cache_info().misses == before
    assert times.known_zone("Europe/Berlin").key == "Europe/Berlin"
