"""What the scripts add to pages that work without them, looked at on the style guide in a real browser."""

import gzip
import json
import re
from urllib.parse import quote

import httpx
import pytest

from tests.support.browser import DESKTOP, PHONE, axe, complaints
from tools.assets import sprite

BUDGET = 150_000  # bytes over the line of a first visit, everything together


def packed(content: bytes) -> int:
    return len(gzip.compress(content, 9))


def opened(context, path="/styleguide"):
    page = context.new_page()
    page.goto(path)
    page.wait_for_selector("html[data-ready]")
    return page


def test_after_a_refusal_the_message_has_the_focus_and_leads_to_the_field(arrive):
    page = opened(arrive(), "/styleguide?part=refused")
    summary = page.locator(".error-summary")
    assert summary.evaluate("el => el === document.activeElement")
    link = summary.get_by_role("link", name="Name: Please fill this in.")
    link.click()
    assert page.evaluate("location.hash") == "#f-name"
    field = page.locator("#f-name")
    assert field.get_attribute("aria-invalid") == "true"
    assert "f-name-error" in field.get_attribute("aria-describedby")
    assert page.locator("#f-why").input_value() == "头晕,三天了", "what was typed is kept"
    assert axe(page) == []


def test_the_appearance_changes_at_once_and_is_remembered(arrive):
    context = arrive(color_scheme="light")
    page = opened(context)
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.locator("[data-menu] > summary").click()
    page.locator("[data-theme=dark]").click()
    after = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert after != before
    page.reload()
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == after


def test_the_appearance_can_be_changed_without_scripts(arrive):
    page = arrive(java_script_enabled=False).new_page()
    page.goto("/styleguide")
    page.locator("[data-menu] > summary").click()
    page.locator("[data-theme=dark]").click()
    assert page.url.endswith("/styleguide")
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_the_language_is_one_touch_away(arrive, size):
    page = arrive(size=size, locale="zh-CN", java_script_enabled=False).new_page()
    page.goto("/styleguide?part=refused")
    page.get_by_role("link", name="English").click()
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.url.endswith("/styleguide?part=refused"), "the same place, with its question"


def test_a_dialog_opens_keeps_the_focus_and_closes(arrive):
    page = opened(arrive())
    opener = page.get_by_role("link", name="I am late")
    opener.click()
    dialog = page.get_by_role("dialog", name="Say that you are late")
    assert dialog.is_visible()
    assert axe(page) == []
    page.keyboard.press("Escape")
    assert not dialog.is_visible()
    assert opener.evaluate("el => el === document.activeElement")


def test_a_risky_button_asks_first(arrive):
    page = opened(arrive())
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.get_by_role("button", name="Ask first").click()
    question = page.get_by_role("dialog")
    assert "Cancel this visit?" in question.inner_text()
    question.get_by_role("button", name="Back").click()
    assert sent == []
    page.get_by_role("button", name="Ask first").click()
    with page.expect_request(lambda request: request.method == "POST"):
        page.get_by_role("dialog").get_by_role("button", name="Ask first").click()
    assert len(sent) == 1


def test_the_countdown_runs_and_says_when_it_is_over(arrive):
    page = opened(arrive())
    time = page.locator("[data-countdown]").first
    assert re.fullmatch(r"1[34]:\d\d", time.inner_text())
    time.evaluate("el => { el.dataset.countdown = new Date(Date.now() - 1000).toISOString() }")
    page.locator("[data-countdown]", has_text="over").wait_for()


def test_charts_are_drawn_and_have_a_table_behind(arrive):
    page = arrive().new_page()
    found = complaints(page)
    page.goto("/styleguide")
    page.wait_for_selector("#chart-visits canvas")
    page.wait_for_selector("#chart-money canvas")
    page.locator("#chart-visits summary").click()
    assert page.locator("#chart-visits .chart-table tbody tr").count() == 14
    assert found == []


def test_fragments_listen_to_news(arrive):
    """What live.js hears becomes an event of the body, which htmx elements wait for."""
    page = opened(arrive())
    page.evaluate(
        """() => {
            document.querySelector('#cards').insertAdjacentHTML('beforeend',
                '<div id="probe" hx-get="/styleguide" hx-select="#notices" hx-trigger="live:queue:7 from:body"></div>');
            htmx.process(document.getElementById('probe'));
            document.body.dispatchEvent(new CustomEvent('live:queue:7'));
        }"""
    )
    page.wait_for_selector("#probe #notices")


def test_filters_leave_empty_questions_out_of_the_address(arrive):
    page = opened(arrive())
    with page.expect_navigation(url=re.compile(r"/styleguide\?status=suspended$")):
        page.locator("#f-status").select_option("suspended")


def test_keys_press_buttons_but_not_while_typing(arrive):
    page = opened(arrive())
    page.evaluate("document.querySelector('[data-key=a]').addEventListener('click', () => (window.pressed = true))")
    page.locator("#f-why").press("a")
    assert page.evaluate("window.pressed") is None
    page.locator("body").evaluate("() => document.activeElement.blur()")
    page.keyboard.press("a")
    assert page.evaluate("window.pressed") is True


@pytest.mark.parametrize("path", ["/", "/styleguide"], ids=["kept for everybody", "made for one"])
def test_a_short_message_is_shown_once(arrive, server, path):
    context = arrive()
    context.add_cookies([{"name": "toast", "value": quote(json.dumps("已退出登录。")), "url": server.url}])
    page = opened(context, path)
    assert page.locator("#toasts").inner_text() == "已退出登录。"
    page.reload()
    page.wait_for_selector("html[data-ready]")
    assert page.locator("#toasts").inner_text() == ""


def test_the_question_mark_lists_the_keys(arrive):
    page = opened(arrive())
    page.keyboard.press("?")
    box = page.get_by_role("dialog")
    assert "Admit" in box.inner_text()
    assert axe(page) == []
    box.get_by_role("button", name="Close").click()
    assert page.get_by_role("dialog").count() == 0


def test_everything_important_is_there_without_scripts(arrive):
    page = arrive(size=PHONE, java_script_enabled=False).new_page()
    page.goto("/styleguide")
    page.locator("[data-menu] > summary").click()
    assert page.get_by_role("link", name="Dark").is_visible(), "the menu opens"
    assert page.locator("[data-reveal]").is_hidden(), "no button that does nothing"
    page.locator("#chart-visits summary").click()
    assert page.locator("#chart-visits .chart-table tbody").is_visible(), "the numbers stand in a table"
    assert re.match(r"until \d\d:\d\d", page.locator("[data-countdown]").inner_text())


@pytest.mark.parametrize("path", ["/", "/styleguide"])
def test_what_a_first_visit_loads_is_within_the_budget(server, path):
    page = httpx.get(server.url + path, headers={"accept-encoding": "identity"})
    if page.status_code == 404:
        pytest.skip("no home page here")
    names = set(re.findall(r'(?:href|src)="(/static/[^"#]+)', page.text))
    assert names
    sizes = {name: packed(httpx.get(server.url + name).content) for name in names if not name.endswith("icons.svg")}
    sizes["icons"] = packed(sprite().encode())  # what `make assets` makes; a linked checkout may hold the whole set
    total = packed(page.content) + sum(sizes.values())
    assert total <= BUDGET, sorted(sizes.items(), key=lambda pair: -pair[1])
