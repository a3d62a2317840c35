"""A picture of every page that links lead to: `make screens` -> var/screens/<locale>-<size>-<theme>/<role>-<page>.png

    python tools/screens.py [--role patient] [--match doctors] [--dark] [--empty]

`--empty` looks at a clinic in which nothing has happened yet, instead of the demonstration's day.
"""

import argparse
import sys

from playwright.sync_api import Browser

from suwen.settings import Settings
from tests.support.browser import DESKTOP, PHONE, ROOT, chromium, complaints, picture, visitor
from tests.support.crawl import ROLES, Visit, crawl, pages, sign_in, speak
from tests.support.server import Server, serving

SIZES = {"phone": PHONE, "desktop": DESKTOP}
LOCALES = ("zh-CN", "en")


def find(browser: Browser, server: Server, roles: list[str], match: str) -> list[Visit]:
    routes = pages(Settings.from_environment(server.env))
    found: list[Visit] = []
    for role in roles:
        context = visitor(browser, server.url)
        sign_in(context, server, role)
        found += [visit for visit in crawl(context, role, routes) if match in visit.route]
        context.close()
    reached = {visit.route for visit in found}
    missed = sorted(path for path in routes if path not in reached and match in path)
    if missed and len(roles) == len(ROLES):
        print("No link led to:", *missed, sep="\n  ")
    return found


def show(browser: Browser, server: Server, visits: list[Visit], locale: str, size: str, theme: str) -> None:
    folder = ROOT / "var/screens" / f"{locale}-{size}-{theme}"
    for role in dict.fromkeys(visit.role for visit in visits):
        context = visitor(browser, server.url, size=SIZES[size], locale=locale, color_scheme=theme)
        sign_in(context, server, role)
        speak(context, server, locale, theme)
        for visit in visits:
            if visit.role == role:
                page = context.new_page()
                found = complaints(page)
                page.goto(visit.url)
                page.wait_for_timeout(150)  # pictures, charts
                picture(page, visit.name, folder)
                if found:
                    print(f"{visit.name} {locale} {size}: {found}")
                page.close()
        context.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--role", action="append", choices=ROLES)
    parser.add_argument("--match", default="", help="only routes that contain this")
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--empty", action="store_true")
    given = parser.parse_args()
    with serving(demo=not given.empty, cast=given.empty) as server, chromium() as browser:
        visits = find(browser, server, given.role or list(ROLES), given.match)
        for locale in LOCALES:
            for size in SIZES:
                show(browser, server, visits, locale, size, "dark" if given.dark else "light")
    print(f"{len(visits)} pages, {len(LOCALES) * len(SIZES)} pictures of each, in var/screens/")
    return 0


if __name__ == "__main__":
    sys.exit(main())
