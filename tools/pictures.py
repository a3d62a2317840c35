"""The pictures of the README: `make pictures` fills docs/images/ from the demonstration's day, in a real Chromium."""

from pathlib import Path

from playwright.sync_api import Browser, Page

from suwen.demo import cast
from tests.browser.test_call import frames_flow, sees
from tests.support.browser import chromium, visitor
from tests.support.opening import fill
from tests.support.server import Server, serving

FOLDER = Path(__file__).resolve().parents[1] / "docs/images"
SIZE = {"width": 1280, "height": 860}


def somebody(browser: Browser, server: Server, login: str) -> Page:
    page = visitor(browser, server.url, size=SIZE, locale="zh-CN").new_page()
    page.set_default_timeout(60_000)
    if login:
        page.goto("/sign-in")
        fill(page, login=login, password=cast.PASSWORD)
        page.locator("main button[type=submit]").click()
        page.locator("form[action='/sign-out']").first.wait_for(state="attached")
    return page


def shoot(page: Page, name: str) -> None:
    page.evaluate("document.fonts.ready.then(() => undefined)")
    page.screenshot(path=FOLDER / f"{name}.png", animations="disabled")


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with serving(demo=True) as server, chromium() as browser:
        guest = somebody(browser, server, "")
        guest.goto("/")
        shoot(guest, "home")
        patient = somebody(browser, server, "patient")
        patient.goto("/appointments")
        patient.locator("a[href^='/visit/']").first.click()
        patient.locator("[data-call]").wait_for()
        doctor = somebody(browser, server, cast.DOCTORS[0].account)
        doctor.locator("#queue form[action$='/admit'] button").first.click()
        doctor.wait_for_url("**/desk/**")
        for page in (doctor, patient):
            sees(page, 90)
        frames_flow(doctor, patient, more=30, seconds=90)
        notes = doctor.locator("#notes")
        fill(
            notes,
            chief_complaint="入睡难，易醒。",
            diagnosis="不寐，心脾两虚",
            treatment_plan="归脾汤加减，七剂。",
        )
        lines = doctor.locator("#prescription_desk [data-line]").first
        lines.locator("[name$='.name']").fill("炒酸枣仁")
        lines.locator("[name$='.dosage']").fill("15 g")
        doctor.evaluate("scrollTo(0, 0)")
        doctor.locator("h1").click()
        doctor.wait_for_timeout(3000)  # the notes are saved, the toasts gone
        shoot(doctor, "desk")


if __name__ == "__main__":
    main()
