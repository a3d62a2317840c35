"""Compiled templates, kept on disk as Python keeps compiled modules, and made with them by tools/setup.sh.

Compiling the fifteen templates behind a doctor's page takes half a second and 5 MB that never come back. What is kept
serves all languages: nothing of a language is compiled in (tests/core/test_compiled.py).
"""

import contextlib
import hashlib
from pathlib import Path

from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket

PLACE = Path(__file__).parent / "__pycache__"


class Compiled(FileSystemBytecodeCache):
    """`made_by` is the file that says how templates are compiled: when it changes, all are compiled anew."""

    def __init__(self, made_by: Path) -> None:
        super().__init__(str(PLACE / f"templates-{hashlib.sha256(made_by.read_bytes()).hexdigest()[:12]}"))

    def load_bytecode(self, bucket: Bucket) -> None:
        with contextlib.suppress(OSError):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Where nothing can be written, each process compiles for itself."""
        with contextlib.suppress(OSError):
            Path(self.directory).mkdir(parents=True, exist_ok=True)
            super().dump_bytecode(bucket)


def compile_all() -> None:
    from suwen.core.i18n import DEFAULT
    from suwen.core.web.pages import environment

    made = environment(DEFAULT)
    for name in made.list_templates(filter_func=lambda name: not name.endswith(".css")):
        made.get_template(name)


if __name__ == "__main__":
    compile_all()
