"""House rules that no linter knows: sizes, addresses, what a template may hold, where a thread may sleep."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 400
COUNTED = {".py", ".js", ".css", ".html", ".sh", ".lua"}
BINARY = {".png", ".jpg", ".webp", ".ico", ".woff2", ".pdf"}
# written in parts, for this file is looked at too
HOSTS = "|".join(
    ["py" + r"pi\.org", "python" + "hosted", "registry" + r"\.npm", "npm" + r"js\.(com|org)", "npm" + "mirror"]
)
PATHS = "|".join(["/wo" + "rk/", "/ro" + "ot/", "/ho" + r"me/\w", "/opt/" + "wheels"])
ADDRESS = re.compile(f"{HOSTS}|(?<![\\w.}}]){PATHS}")
INLINE = {
    "an inline style": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "an inline script": re.compile(r"<script(?![^>]*\ssrc=)(?![^>]*application/json)[^>]*>", re.IGNORECASE),
    "a <style> element": re.compile(r"<style[\s>]", re.IGNORECASE),
    "an event attribute": re.compile(r"<[^>]*\s(on[a-z]+|hx-on[:\w-]*)\s*=", re.IGNORECASE),
}
CODE = re.compile(r"`[^`]*`|^ {4}.*$", re.MULTILINE)
LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)")
SLEEPS = {"core/db.py"}
OUTSIDE = ("core/", "demo/", "app.py", "cli.py")  # everybody else is given the time


def files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = [ROOT / name for name in listed.stdout.splitlines()]
    return [path for path in paths if path.is_file() and not path.is_symlink() and path.suffix not in BINARY]


def breaches(path: Path, text: str) -> Iterator[str]:
    lines = text.splitlines()
    if path.suffix in COUNTED and len(lines) > LONGEST:
        yield f"{len(lines)} lines, more than {LONGEST}"
    for number, line in enumerate(lines, 1):
        if ADDRESS.search(line):
            yield f"line {number}: the address of a registry or a path of one machine"
    if path.suffix == ".md":
        for target in LINK.findall(CODE.sub("", text)):
            if not (path.parent / target).exists():
                yield f"a link to {target}, which is not there"
    if "templates" in path.parts:
        for what, pattern in INLINE.items():
            match = pattern.search(text)
            # documents for print are no web pages: nothing serves them their style sheet
            if match and not (what == "a <style> element" and path.name.endswith(".pdf.html")):
                line = text[: match.start()].count("\n") + 1
                yield f"line {line}: {what}, which the content security policy refuses"
    if path.suffix == ".py" and ROOT / "src/suwen" in path.parents:
        inside = path.relative_to(ROOT / "src/suwen").as_posix()
        if "time.sleep(" in text and inside not in SLEEPS:
            yield "time.sleep() holds a thread that serves everybody"
        if "datetime.now(" in text and not inside.startswith(OUTSIDE):
            yield "datetime.now(): the time is an argument"


def not_locked() -> Iterator[str]:
    """What pyproject.toml asks for and the locks do not have."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = {
        "base": project["dependencies"],
        "dev": [*project["dependencies"], *project["optional-dependencies"]["dev"]],
    }
    for lock, names in asked.items():
        held = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / f"requirements/{lock}.lock").read_text(), re.MULTILINE))
        for name in names:
            plain = re.split(r"[\[<>=!~; ]", name)[0].lower().replace("_", "-").replace(".", "-")
            if plain not in held:
                yield f"requirements/{lock}.lock does not have {plain}: run `make lock`"


def main() -> int:
    found = 0
    for breach in not_locked():
        print(breach)
        found += 1
    for path in files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for breach in breaches(path, text):
            print(f"{path.relative_to(ROOT)}: {breach}")
            found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
