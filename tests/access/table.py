"""The rows of table.txt, which says who gets through to what."""

from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).with_name("table.txt")
ACTORS = ("anonymous", "patient", "guardian", "eve", "treating", "other", "pharmacist", "admin")
LOGINS = {
    "anonymous": "guest", "patient": "li", "guardian": "li", "eve": "eve", "treating": "zhang", "other": "chen",
    "pharmacist": "zhao", "admin": "admin",
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    method: str
    path: str
    through: frozenset[str]
    conflict: frozenset[str]
    places: dict[str, str]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


def rows() -> dict[str, Row]:
    found: dict[str, Row] = {}
    for line in TABLE.read_text().splitlines():
        words = line.split()
        if not words or words[0] == "#":
            continue
        if words[0] == ACTORS[0]:
            assert tuple(words) == ACTORS, line
            continue
        marks, places = words[2:10], words[10:]
        assert len(marks) == 8, line
        assert set(marks) <= {"x", ".", "!"}, line
        through, conflict = (
            frozenset(actor for actor, mark in zip(ACTORS, marks, strict=True) if mark == wanted) for wanted in "x!"
        )
        row = Row(words[0], words[1], through, conflict, dict(place.split("=") for place in places))
        assert row.name not in found, f"twice: {row.name}"
        found[row.name] = row
    return found
