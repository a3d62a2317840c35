"""A clinic opened as its people open one: the administrator by the command line, all the rest on the pages."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser, BrowserContext, Locator, Page

from tests.support.browser import visitor
from tests.support.server import Server, suwen

PASSWORD = "seven quiet rivers"
DOCTOR, DEPARTMENT, PLACE, TAG = "陈怀远", "中医内科", "外滩门诊", "耐心细致"
PATIENCE = 40_000  # ms: the machine that runs this may have a lot else to do


def clinic_zone() -> str:
    """One in which the day is not about to end: the queue of today is to be today's all through the test."""
    zones = ("Asia/Shanghai", "America/New_York")
    return next(zone for zone in zones if 2 <= datetime.now(ZoneInfo(zone)).hour < 21)


def fill(place: Page | Locator, **values: str) -> None:
    """Fill fields by their names; select boxes take the value or the words."""
    for name, value in values.items():
        control = place.locator(f"[name='{name}']").locator("visible=true").first
        if control.evaluate("one => one.tagName") == "SELECT":
            control.select_option(value)
        else:
            control.fill(value)


@dataclass
class Clinic:
    """`open()` fills it; then `doctor_page` is the doctor's public address. Everybody has a browser of their own."""

    server: Server
    browser: Browser
    zone: str = field(default_factory=clinic_zone)
    java_script: bool = True
    doctor_page: str = ""
    contexts: list[BrowserContext] = field(default_factory=list)

    def somebody(self, **options: object) -> Page:
        """A fresh browser, in English."""
        options = {"timezone_id": self.zone, "java_script_enabled": self.java_script} | options
        context = visitor(self.browser, self.server.url, **options)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE)
        context.add_cookies([{"name": "lang", "value": "en", "url": self.server.url}])
        self.contexts.append(context)
        return context.new_page()

    def open(self) -> tuple[Page, Page]:
        """(the administrator's page, the doctor's)."""
        typed = PASSWORD + "\n"
        suwen("admin", "create", "--account", "owner", "--name", "Guan Li 管丽", env=self.server.env, typed=typed)
        admin = self.somebody()
        sign_in(admin, "owner")
        self._catalogues(admin)
        return admin, self._employ(admin)

    def _catalogues(self, admin: Page) -> None:
        add(admin, "/admin/departments", code="ZYNK", name=DEPARTMENT)
        add(admin, "/admin/specialties", code="PIWEI", name="脾胃")
        add(admin, "/admin/locations", name=PLACE, city="上海", timezone=self.zone)
        add(admin, "/admin/prices", service_type="appointment_online", service_name="Video visit", price="80.00")
        add(admin, "/admin/prices", service_type="appointment_offline", service_name="Visit", price="60.00")
        add(admin, "/admin/review-tags", name=TAG, category="positive")

    def _employ(self, admin: Page) -> Page:
        """An account with a code, the doctor's own password, the page with the licence, its approval."""
        admin.goto("/admin/people/new?role=doctor")
        admin.get_by_label("doctor", exact=True).check()
        fill(admin, name=DOCTOR, account="chen.huaiyuan", locale="en")
        admin.get_by_role("button", name="Make the account").click()
        code = admin.locator("dt", has_text="One-time code").locator("+ dd").inner_text()
        doctor = self.somebody()
        doctor.goto("/reset/code")
        fill(doctor, login="chen.huaiyuan", code=code, password=PASSWORD)
        doctor.get_by_role("button", name="Set the password").click()
        doctor.wait_for_url("**/sign-in")
        admin.goto("/admin/doctors/new")
        form = admin.locator("main form")
        words = {"title": "主任医师", "hospital": "素问门诊", "introduction": "从医三十年，长于脾胃病与失眠。"}
        papers = {
            "license_number": "110310000001",
            "license_authority": "上海卫健委",
            "license_valid_until": "2099-12-31",
        }
        fill(form, **words, **papers, id_number="44010619770806303X", specialties="失眠、脾胃")
        form.locator("[name=department_id]").select_option(label=DEPARTMENT)
        form.get_by_role("button", name="Save").click()
        admin.get_by_role("button", name="Approve").click()
        admin.wait_for_url("**/admin/doctors?status=pending")
        admin.goto("/admin/doctors?status=approved")
        admin.get_by_role("link", name=DOCTOR).first.click()
        self.doctor_page = admin.get_by_role("link", name="Public page").get_attribute("href") or ""
        sign_in(doctor, "chen.huaiyuan")
        doctor.goto("/account/about")
        fill(doctor, zone=self.zone)
        doctor.get_by_role("button", name="Save").click()
        doctor.wait_for_url("**/account")
        return doctor

    def extra_hours(self, doctor: Page, place: str = "") -> datetime:
        """The doctor opens one half hour that can still be booked and whose waiting room is open already."""
        soon = datetime.now(UTC) + timedelta(minutes=50)
        start = soon.replace(minute=soon.minute // 5 * 5, second=0, microsecond=0)
        doctor.goto("/doctor/availability")
        form = doctor.locator("form[action^='/doctor/exceptions']")
        form.get_by_label("open in addition").check()
        local = start.astimezone(ZoneInfo(self.zone)).replace(tzinfo=None)
        fill(form, starts=f"{local:%Y-%m-%dT%H:%M}", ends=f"{local + timedelta(minutes=30):%Y-%m-%dT%H:%M}")
        if place:
            choices = form.locator("[name=location_id] option", has_text=place)
            form.locator("[name=location_id]").select_option(choices.first.get_attribute("value"))
        form.get_by_role("button", name="Save the exception").click()
        doctor.locator("#exceptions").get_by_text("open in addition").first.wait_for()
        return start

    def close(self) -> None:
        for context in self.contexts:
            context.close()


def sign_in(page: Page, login: str) -> None:
    page.goto("/sign-in")
    fill(page, login=login, password=PASSWORD)
    page.locator("main").get_by_role("button", name="Sign in").click()
    page.locator("form[action='/sign-out']").first.wait_for(state="attached")


def add(admin: Page, address: str, **values: str) -> None:
    """One line more in a list of the administration."""
    admin.goto(address)
    form = admin.locator(f"form[method=post][action='{address}']")
    fill(form, **values)
    form.get_by_role("button", name="Add").click()
    admin.locator("table").get_by_text(values.get("service_name") or values["name"]).first.wait_for()
