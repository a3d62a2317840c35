"""Every page that links lead to, for every role, in both languages, on a phone and on a desk.

Nothing for axe to find, nothing in the console, nothing wider than the screen.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from suwen.settings import Settings
from tests.support.browser import DESKTOP, PHONE, axe, complaints, visitor
from tests.support.crawl import ROLES, Visit, crawl, pages, sign_in, speak
from tests.support.server import Server, serving

pytestmark = pytest.mark.slow
SIZES = {"desktop": DESKTOP, "phone": PHONE}


@pytest.fixture(scope="module", params=["quiet", "busy"])
def clinic(request) -> Iterator[Server]:
    """One in which nothing has happened yet, and the day of the demonstration."""
    with serving(cast=request.param == "quiet", demo=request.param == "busy") as made:
        yield made


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
@pytest.mark.parametrize("role", ROLES)
def test_nothing_is_wrong_with_any_page(browser, clinic, role, locale):
    context = visitor(browser, clinic.url, locale=locale)
    sign_in(context, clinic, role)
    speak(context, clinic, locale)
    try:
        visits = list(crawl(context, role, wanted(role, pages(Settings.from_environment(clinic.env)))))
        assert visits, "not even the home page"
        wrong = [line for visit in visits for line in look(context.new_page(), visit)]
    finally:
        context.close()
    assert not wrong, "\n".join(wrong)


def wanted(role: str, routes: dict[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """Staff see public pages as patients do, but for the home page. The style guide has a test of its own."""
    guest = {path for path, who in routes.items() if "guest" in who and path != "/"}
    left_out = guest if role in ("doctor", "pharmacist", "admin") else set()
    return {path: who for path, who in routes.items() if path not in left_out | {"/styleguide"}}


def look(page: Page, visit: Visit) -> Iterator[str]:
    found = complaints(page)
    answer = page.goto(visit.url)
    if answer is None or answer.status != 200:
        yield f"{visit.url}: answered {answer and answer.status}"
    for size, screen in SIZES.items():
        page.set_viewport_size(screen)  # type: ignore[arg-type]
        page.evaluate("new Promise(done => setTimeout(() => requestAnimationFrame(done), 100))")  # charts follow
        yield from (f"{visit.url} ({size}): {line}" for line in axe(page))
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 0:
            yield f"{visit.url} ({size}): {wide} px wider than the screen"
    yield from (f"{visit.url}: console: {line}" for line in found)
    page.close()
