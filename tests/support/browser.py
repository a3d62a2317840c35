"""A real Chromium for the tests: fresh people, fake camera and microphone, axe, pictures."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.support.processes import program

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules/axe-core/axe.min.js"
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}
FLAGS = [
    "--allow-loopback-in-peer-connection",  # without it Chromium gathers no candidate on a loopback-only network
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    path = program("chromium", "chromium-browser", "google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def visitor(
    browser: Browser, url: str, *, size: dict[str, int] = DESKTOP, locale: str = "en", **options: Any
) -> BrowserContext:
    """A fresh browser profile, as another person would have. Camera and microphone are allowed."""
    context = browser.new_context(
        base_url=url,
        viewport=size,  # type: ignore[arg-type]
        locale=locale,
        timezone_id=options.pop("timezone_id", "Asia/Shanghai"),
        permissions=["camera", "microphone"],
        reduced_motion=options.pop("reduced_motion", "reduce"),
        **options,
    )
    context.set_default_timeout(10_000)
    return context


def complaints(page: Page) -> list[str]:
    """A list that fills with whatever the page's console and scripts complain about. Call it before `goto`."""
    found: list[str] = []
    page.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


def axe(page: Page) -> list[str]:
    """What axe finds wrong, one line per rule with the first elements; empty is good."""
    # evaluated in the page's world from outside, so that the content security policy stays as it is
    page.evaluate(AXE.read_text(encoding="utf-8") + "; undefined")
    found: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{rule['id']} ({rule['impact']}): " + " | ".join(node["html"][:160] for node in rule["nodes"][:3])
        for rule in found["violations"]
    ]


def picture(page: Page, name: str, folder: Path = ROOT / "var/screens") -> Path:
    """The whole page, as `<folder>/<name>.png`."""
    path = folder / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path, full_page=True, animations="disabled")
    return path
