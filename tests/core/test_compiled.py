"""Templates are compiled once for all languages, and kept on disk."""

import stat

import pytest
from jinja2 import Environment

from suwen.core.i18n import LOCALES
from suwen.core.web import compiled, pages


def test_nothing_of_a_language_is_compiled_in():
    """A filter that depends on the language must be `pass_context`, or jinja would apply it to constants at once."""
    first, *others = (pages.environment(locale) for locale in LOCALES)
    for name in first.list_templates(filter_func=lambda name: not name.endswith(".css")):
        source, file, _ = first.loader.get_source(first, name)
        made = first.compile(source, name, file, raw=True)
        assert all(other.compile(source, name, file, raw=True) == made for other in others), name


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(compiled, "PLACE", tmp_path / "kept")
    (tmp_path / "made_by.py").write_text("one way")
    return tmp_path


def made(place) -> Environment:
    return Environment(loader=pages.LOADER, extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"],
                       bytecode_cache=compiled.Compiled(place / "made_by.py"))  # fmt: skip


def test_what_was_compiled_once_is_found_by_the_next_process(place, monkeypatch):
    made(place).get_template("nav.html")
    assert len(list((place / "kept").rglob("*.cache"))) == 1
    monkeypatch.setattr(Environment, "compile", lambda *_: pytest.fail("compiled again"))
    made(place).get_template("nav.html")


def test_another_way_to_compile_uses_nothing_of_the_old_one(place):
    made(place).get_template("nav.html")
    (place / "made_by.py").write_text("another way")
    made(place).get_template("nav.html")
    assert len(list((place / "kept").rglob("*.cache"))) == 2


def test_a_torn_file_is_compiled_anew(place):
    made(place).get_template("nav.html")
    (file,) = (place / "kept").rglob("*.cache")
    file.write_bytes(file.read_bytes()[:100])
    assert made(place).get_template("nav.html").name == "nav.html"


def test_where_nothing_can_be_written_each_process_compiles_for_itself(place):
    (place / "kept").write_text("a file where the folder would be")
    assert made(place).get_template("nav.html").name == "nav.html"
    assert stat.S_ISREG((place / "kept").stat().st_mode)
