"""How zones and spans of days are called."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from suwen.accounts.pages.account import ZONES
from suwen.core import times
from suwen.core.i18n import LOCALES


@pytest.mark.parametrize(("locale", "name"), [("zh-CN", "北京时间"), ("en", "Beijing time")])
def test_chinas_time_is_called_as_people_call_it(locale, name):
    """The tables of names have only 'China (Shanghai) Time' and '中国（上海）时间'."""
    assert times.zone_name(ZoneInfo("Asia/Shanghai"), locale) == name
    assert times.zone_place(ZoneInfo("Asia/Shanghai"), locale) == name


@pytest.mark.parametrize("locale", LOCALES)
def test_zones_to_choose_from_can_be_told_apart(locale):
    assert times.zone_name(ZoneInfo("America/New_York"), "en") == times.zone_name(ZoneInfo("America/Toronto"), "en")
    names = [times.zone_place(ZoneInfo(zone), locale) for zone in ZONES]
    assert len(set(names)) == len(ZONES)
    assert not [name for name in names if "/" in name or "Unknown" in name]


def test_a_week_says_its_month():
    assert times.span(date(2026, 11, 23), date(2026, 11, 29), "en") == "Nov 23 – 29".replace(" – ", "\u2009–\u2009")
    assert times.span(date(2026, 11, 30), date(2026, 12, 6), "zh-CN") == "11月30日至12月6日"
