"""What a server need not have in memory before somebody asks for it."""

import subprocess
import sys

HEAVY = {"httpx", "rich", "weasyprint", "pymongo", "redis", "alembic", "suwen.demo", "suwen.paysim"}


def test_a_server_starts_without_what_it_may_never_need() -> None:
    """An HTTP client alone is half a second of processor time and 9 MB."""
    names = ", ".join(sorted(repr(name) for name in HEAVY))
    program = f"import sys, suwen.app; print(sorted({{{names}}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
