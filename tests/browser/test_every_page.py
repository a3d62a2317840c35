"""Every page that links lead to, for every role, in both languages, on a phone and on a desk.

Nothing for axe to find, nothing in the console, nothing wider than the screen.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page
from sqlalchemy import select
from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.prescribing import service as prescribing
from suwen.prescribing.models import Prescription
from suwen.settings import Settings
from tests.support.browser import DESKTOP, PHONE, axe, complaints, visitor
from tests.support.crawl import ROLES, Visit, crawl, pages, sign_in, someone, speak
from tests.support.server import Server, serving

pytestmark = pytest.mark.slow
SIZES = {"desktop": DESKTOP, "phone": PHONE}
# of the day of the demonstration: what no link leads to, or what would be missed without anybody noticing
MUST = {
    "doctor": {"/doctor/templates", "/doctor/templates/{id:str}", "/doctor/phrases", "/doctor/formulas"},
    "pharmacist": {"/pharmacy", "/pharmacy/review/{id:str}", "/pharmacy/dispense", "/pharmacy/dispense/{id:str}"},
    "admin": {"/admin/medicine-prices", "/admin/waiting-prescriptions"},
}


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
        routes = wanted(role, pages(Settings.from_environment(clinic.env)))
        visits = list(crawl(context, role, routes, taken_up(clinic) if role == "pharmacist" else ()))
        assert visits, "not even the home page"
        if has_a_day(clinic):
            missing = MUST.get(role, set()) - {visit.route for visit in visits}
            assert not missing
        wrong = [line for visit in visits for line in look(context.new_page(), visit)]
    finally:
        context.close()
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_nothing_is_wrong_with_the_answer_about_a_paper(browser, clinic, locale):
    """The page that a form of /verify answers with, for a paper that may be dispensed and one that may not."""
    if not has_a_day(clinic):
        pytest.skip("there is no prescription in a clinic where nothing has happened")
    context = visitor(browser, clinic.url, locale=locale)
    speak(context, clinic, locale)
    wrong = []
    try:
        for code, holder in papers(clinic):
            page = context.new_page()
            found = complaints(page)
            page.goto(f"/verify/{code}")
            page.fill("[name=holder]", holder)
            page.keyboard.press("Enter")
            page.wait_for_selector(".sheet-number, .sheet")
            wrong += [*measured(page, f"/verify {code}"), *(f"{code}: console: {line}" for line in found)]
    finally:
        context.close()
    assert not wrong, "\n".join(wrong)


def has_a_day(clinic: Server) -> bool:
    with clinic.house() as house:
        return house.db.read(lambda tx: tx.scalar(select(Prescription.id).limit(1))) is not None


def taken_up(clinic: Server) -> list[str]:
    """The desks of a pharmacist who has taken up one prescription to review and one to dispense."""
    with clinic.house() as house:

        def take(tx: Session) -> list[str]:
            me, places = someone(house, "pharmacist"), []
            for status, place in (("signed", "review"), ("effective", "dispense")):
                waits = select(Prescription.id).where(Prescription.status == status).limit(1)
                for id in tx.scalars(waits):
                    prescribing.claim(tx, Actor(me.id, "pharmacist", name=me.name), id, house.clock())
                    places.append(f"/pharmacy/{place}/{id}")
            return places

        return house.db.write(take)


def papers(clinic: Server) -> list[tuple[str, str]]:
    """Number and holder's code of one prescription in effect and one that is void."""
    with clinic.house() as house:

        def find(tx: Session) -> list[tuple[str, str]]:
            wanted = [select(Prescription).where(Prescription.status == status, Prescription.signed_at.is_not(None))
                      for status in ("effective", "voided")]  # fmt: skip
            found = [tx.scalars(one.limit(1)).one() for one in wanted]
            return [(one.code, prescribing.holder_code(tx, one)) for one in found]

        return house.db.read(find)


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
    yield from measured(page, visit.url)
    yield from (f"{visit.url}: console: {line}" for line in found)
    page.close()


def measured(page: Page, name: str) -> Iterator[str]:
    """What axe finds, and what is wider than the screen, on a desk and on a phone."""
    for size, screen in SIZES.items():
        page.set_viewport_size(screen)  # type: ignore[arg-type]
        page.evaluate("new Promise(done => setTimeout(() => requestAnimationFrame(done), 100))")  # charts follow
        yield from (f"{name} ({size}): {line}" for line in axe(page))
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 0:
            yield f"{name} ({size}): {wide} px wider than the screen"
