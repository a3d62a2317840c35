"""The checks of the house find what they are for."""

import polib
import pytest

from tools import rules, translations

SOURCE = """
from suwen.core.errors import Conflict, Invalid

class SlotTaken(Conflict):
    code, title = "slot_taken", "This time has just been taken."

class Quiet(SlotTaken):
    title: str = "Even then."

def book(_, ngettext, count):
    _("Booked.")
    ngettext("%(num)s slot", "%(num)s slots", count)
    raise Invalid("Choose a time.", fields={"phone": "This number is in use.", "name": _("Too long.")})
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    folder = tmp_path / "suwen/booking"
    (folder / "templates").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "service.py").write_text(SOURCE)
    (folder / "templates/page.html").write_text("<p>{{ _('Hello') }} {{ ngettext('a day', 'days', n) }}</p>")
    monkeypatch.setattr(translations, "SOURCE", tmp_path / "suwen")
    monkeypatch.setattr(translations, "ERRORS", {"DomainError", "Conflict", "Invalid", "SlotTaken", "Quiet"})
    return folder


def test_every_text_is_found(package):
    assert set(translations.extracted(package)) == {
        ("This time has just been taken.", ""),
        ("Even then.", ""),
        ("Booked.", ""),
        ("%(num)s slot", "%(num)s slots"),
        ("Choose a time.", ""),
        ("This number is in use.", ""),
        ("Too long.", ""),
        ("Hello", ""),
        ("a day", "days"),
    }


def test_a_translation_is_kept_and_a_text_that_went_is_dropped(package):
    translations.write(package, {("Hello", ""): "你好"})
    path = package / "locale/zh_CN.po"
    file = polib.pofile(str(path))
    assert file.find("Hello").msgstr == "你好"
    file.find("Booked.").msgstr = "已预约。"
    file.append(polib.POEntry(msgid="Gone", msgstr="没有了"))
    file.save()
    translations.write(package, {})
    assert polib.pofile(str(path)).find("Booked.").msgstr == "已预约。"
    assert polib.pofile(str(path)).find("Gone") is None


def test_what_is_missing_or_wrong_is_named(package):
    translations.write(package, dict.fromkeys(translations.extracted(package), "译文"))
    assert list(translations.faults(package)) == ["other placeholders than the text: '%(num)s slot' -> '译文'"]
    (package / "service.py").write_text('_("New")')
    faults = list(translations.faults(package))
    assert "not translated: 'New' (booking/service.py)" in faults
    assert "no longer in the source: 'Booked.'" in faults


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("src/suwen/a.py", "x = 1\n" * 401, "401 lines"),
        ("docs/x.md", "have it from py" + "pi.org\n", "line 1: the address"),
        ("docs/x.md", "see\n/wo" + "rk/main\n", "line 2: the address"),
        ("src/suwen/a/templates/a.html", '<p>\n<b style="color: red">', "line 2: an inline style"),
        ("src/suwen/a/templates/a.html", "<script>alert(1)</script>", "an inline script"),
        ("src/suwen/a/templates/a.html", '<button onclick="go()">', "an event attribute"),
        ("README.md", "see [there](docs/nowhere.md#part)", "a link to docs/nowhere.md"),
        ("src/suwen/a/service.py", "import time\ntime.sleep(1)\n", "time.sleep() holds a thread"),
    ],
)
def test_a_breach_is_found(name, text, said):
    assert any(said in breach for breach in rules.breaches(rules.ROOT / name, text))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "src/suwen/a/templates/a.html",
            '<script type="module" src="/static/a.js"></script><a href="/on?style=1">x</a>',
        ),
        ("src/suwen/a/templates/a.html", '<script type="application/json" id="words">{}</script>'),
        ("src/suwen/a/a.py", "x = 1\n" * 400),
        ("README.md", "homework/class [docs](docs/README.md#x) [web](https://example.org/a) [here](#there)\n"),
    ],
)
def test_what_is_allowed_is_let_through(name, text):
    assert not list(rules.breaches(rules.ROOT / name, text))
