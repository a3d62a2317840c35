"""Keeps each package's `locale/zh_CN.po` beside its texts: `python tools/translations.py --check | --write`.

The English text is the msgid. Texts are found in `_()`, `N_()` and `ngettext()` of Python and templates, in the titles
of errors, and in what is said when an error is raised.
"""

import argparse
import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import polib
from babel.messages.extract import extract_from_file
from jinja2.ext import babel_extract

from suwen.core.errors import DomainError

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src/suwen"
KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}
PLACE = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")
HEADER = {"Language": "zh_CN", "Content-Type": "text/plain; charset=utf-8", "Content-Transfer-Encoding": "8bit",
          "Plural-Forms": "nplurals=1; plural=0;"}  # fmt: skip
OPTIONS = {"silent": "false", "extensions": "jinja2.ext.do,jinja2.ext.loopcontrols"}
Message = tuple[str, str]  # text and plural ("" if it has none)


def packages() -> list[Path]:
    return sorted(path.parent for path in SOURCE.glob("*/__init__.py"))


def extracted(package: Path) -> dict[Message, set[str]]:
    """Each text of a package with the files it stands in."""
    found: dict[Message, set[str]] = defaultdict(set)
    for path in sorted([*package.rglob("*.py"), *package.rglob("templates/**/*.html")]):
        texts = python_texts(path) if path.suffix == ".py" else template_texts(path)
        for message in texts:
            found[message].add(path.relative_to(SOURCE).as_posix())
    return found


def template_texts(path: Path) -> Iterator[Message]:
    with path.open("rb") as file:
        for _line, _function, words, _comments in babel_extract(file, list(KEYWORDS), [], OPTIONS):
            yield _message(words)


def python_texts(path: Path) -> Iterator[Message]:
    for _line, words, _comments, _context in extract_from_file("python", path, KEYWORDS):
        yield _message(words)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef) and node.name in ERRORS:
            yield from ((text, "") for text in _titles(node))
        if isinstance(node, ast.Call) and _name(node.func) in ERRORS:
            yield from ((text, "") for text in _said(node))


def _message(words: object) -> Message:
    if isinstance(words, (list, tuple)):
        return str(words[0]), str(words[1]) if len(words) > 1 and words[1] else ""
    return str(words), ""


def _titles(node: ast.ClassDef) -> Iterator[str]:
    """`title = "..."`, or `code, title = "...", "..."`."""
    for line in node.body:
        if isinstance(line, ast.Assign):
            target, value = line.targets[0], line.value
        elif isinstance(line, ast.AnnAssign) and line.value:
            target, value = line.target, line.value
        else:
            continue
        pairs = zip(target.elts, value.elts, strict=False) if _both_tuples(target, value) else [(target, value)]
        for one, text in pairs:
            if _name(one) == "title" and isinstance(text, ast.Constant) and text.value:
                yield str(text.value)


def _both_tuples(target: ast.expr, value: ast.expr) -> bool:
    return isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)


def _said(node: ast.Call) -> Iterator[str]:
    """What an error is raised with: its first argument and the messages at its fields."""
    values: list[ast.expr | None] = list(node.args[:1])
    for keyword in node.keywords:
        if keyword.arg == "fields" and isinstance(keyword.value, ast.Dict):
            values += keyword.value.values
        if keyword.arg == "detail":
            values.append(keyword.value)
    for value in values:
        if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value:
            yield value.value


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def error_names() -> set[str]:
    """Every class of the error tree, by its name: found in the source, so that no package has to be imported."""
    parents: dict[str, set[str]] = {}
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                parents.setdefault(node.name, set()).update(_name(base) for base in node.bases)
    known, size = {DomainError.__name__}, 0
    while size < len(known):
        size = len(known)
        known |= {name for name, bases in parents.items() if bases & known}
    return known


def load(path: Path) -> polib.POFile:
    return polib.pofile(str(path), encoding="utf-8", wrapwidth=110) if path.exists() else polib.POFile(wrapwidth=110)


def translated(entry: polib.POEntry) -> str:
    return str(entry.msgstr_plural.get(0, "") if entry.msgid_plural else entry.msgstr)


def write(package: Path, known: dict[Message, str]) -> None:
    """New texts are added (with what another package calls them, if one does), texts that are gone are dropped."""
    path, texts = package / "locale/zh_CN.po", extracted(package)
    kept = {(entry.msgid, entry.msgid_plural): entry for entry in load(path)}
    if not texts and not kept:
        return
    file = polib.POFile(wrapwidth=110)
    file.metadata = HEADER
    for message, places in sorted(texts.items()):
        old = kept.get(message)
        text = (translated(old) if old and not old.obsolete else "") or known.get(message, "")
        plural = {"msgid_plural": message[1], "msgstr_plural": {0: text}} if message[1] else {"msgstr": text}
        flags = ["python-format"] if "%(" in message[0] else []
        file.append(
            polib.POEntry(
                msgid=message[0], occurrences=[(place, "") for place in sorted(places)], flags=flags, **plural
            )
        )
    path.parent.mkdir(exist_ok=True)
    new = file.__unicode__() + "\n"
    if not path.exists() or path.read_text(encoding="utf-8") != new:
        path.write_text(new, encoding="utf-8")


def faults(package: Path) -> Iterator[str]:
    path, texts = package / "locale/zh_CN.po", extracted(package)
    entries = {(entry.msgid, entry.msgid_plural): entry for entry in load(path) if not entry.obsolete}
    for message in texts:
        entry = entries.get(message)
        if entry is None or not translated(entry):
            yield f"not translated: {message[0]!r} ({', '.join(sorted(texts[message]))})"
        elif entry.fuzzy:
            yield f"marked fuzzy: {message[0]!r}"
        elif sorted(set(PLACE.findall(translated(entry)))) != sorted(set(PLACE.findall(message[1] or message[0]))):
            yield f"other placeholders than the text: {message[0]!r} -> {translated(entry)!r}"
    for message in entries.keys() - texts.keys():
        yield f"no longer in the source: {message[0]!r}"


def everywhere() -> dict[Message, dict[str, list[str]]]:
    """What each text is translated to, and where: at run time the packages share one catalogue."""
    known: dict[Message, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for package in packages():
        for entry in load(package / "locale/zh_CN.po"):
            if translated(entry) and not entry.obsolete:
                known[entry.msgid, entry.msgid_plural][translated(entry)].append(package.name)
    return known


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("packages", nargs="*", help="only these")
    given = parser.parse_args()
    chosen = [package for package in packages() if not given.packages or package.name in given.packages]
    known = everywhere()
    if given.write:
        for package in chosen:
            write(package, {message: next(iter(texts)) for message, texts in known.items()})
    found = [f"{package.name}: {fault}" for package in chosen for fault in faults(package)]
    for message, texts in known.items():
        if len(texts) > 1:
            said = "; ".join(f"{text!r} in {', '.join(where)}" for text, where in texts.items())
            found.append(f"one text, several translations: {message[0]!r}: {said}")
    print("\n".join(found))
    return 1 if found and given.check else 0


ERRORS = error_names()

if __name__ == "__main__":
    sys.exit(main())
