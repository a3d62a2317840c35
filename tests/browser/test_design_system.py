"""The style guide holds every part of the pages in all its states: what is right there is right everywhere."""

import pytest

from tests.support.browser import DESKTOP, PHONE, axe, complaints


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["zh-CN", "en"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_nothing_is_wrong_for_axe_or_in_the_console(arrive, size, locale, theme):
    context = arrive(size=size, locale=locale, color_scheme=theme)
    page = context.new_page()
    found = complaints(page)
    page.goto("/styleguide")
    assert page.locator("html").get_attribute("lang") == locale
    assert axe(page) == []
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"the page is {wide} px wider than the screen"
    assert found == []
