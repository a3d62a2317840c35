"""A copy of the reference data that a test may break."""

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

from suwen.prescribing.reference import DATA

FILES = ("*.csv", "*.yaml")


class Folder:
    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()
        for pattern in FILES:
            for file in DATA.glob(pattern):
                shutil.copy(file, path)

    def cells(self, file: str, key: str, **values: str) -> None:
        """Change cells of the first row that begins with `key`."""
        rows = self._read(file)
        row = next(row for row in rows if " ".join(row).startswith(key + " "))
        for column, value in values.items():
            row[rows[0].index(column)] = value
        self._write(file, rows)

    def again(self, file: str, key: str, **values: str) -> None:
        """The row that begins with `key` once more, with these cells."""
        rows = self._read(file)
        row = list(next(row for row in rows if " ".join(row).startswith(key + " ")))
        rows.append(row)
        for column, value in values.items():
            row[rows[0].index(column)] = value
        self._write(file, rows)

    def rows(self, file: str, change: Callable[[list[list[str]]], None]) -> None:
        rows = self._read(file)
        change(rows)
        self._write(file, rows)

    def text(self, file: str, old: str, new: str) -> None:
        path = self.path / file
        text = path.read_text("utf-8")
        assert old in text, old
        path.write_text(text.replace(old, new, 1), "utf-8")

    def _read(self, file: str) -> list[list[str]]:
        with (self.path / file).open(encoding="utf-8", newline="") as source:
            return list(csv.reader(source))

    def _write(self, file: str, rows: list[list[str]]) -> None:
        with (self.path / file).open("w", encoding="utf-8", newline="") as target:
            csv.writer(target, lineterminator="\n").writerows(rows)
