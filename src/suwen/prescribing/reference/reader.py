"""The files of reference data, and over them those of this installation: rows of its own, aliases, reviews."""

import csv
import hashlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from suwen.prescribing.reference.rows import BadReference, Row

PROVENANCE = frozenset({"provenance", "source", "edition", "evidence", "reviewed_by", "version"})
REVIEWS = ("file", "row", "digest", "reviewed_by", "reviewed_on")
# the parser written in C is ten times quicker; where it was not built the other one reads the same
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Reader:
    """Reads a folder, then the installation's own, whose rows stand in for those of the same key. `rows` are all that
    hold in the end."""

    def __init__(self, folder: Path, own: Path | None = None) -> None:
        self.folder, self.own = folder, own
        self.rows: list[Row] = []
        self._reviews = self._read_reviews()
        self._digest = hashlib.sha256()

    def fingerprint(self) -> str:
        """A short hash of every file that was read, whatever the folders are called."""
        return self._digest.hexdigest()[:12]

    def table(self, name: str, columns: tuple[str, ...], *keys: str, counted: bool = True) -> dict[str, Row]:
        """Rows of a CSV file by their key, the values of `keys`. `counted`: a pharmacist must confirm them."""
        found: dict[str, Row] = {}
        for path in self._paths(name):
            found.update(self._once(_lines(path, self._label(path), columns, keys)))
        return self._kept(found) if counted else found

    def own_table(self, name: str, columns: tuple[str, ...], *keys: str) -> dict[str, Row]:
        """A file that only an installation has."""
        if self.own is None or not (self.own / name).exists():
            return {}
        return self._kept(self._once(_lines(self._read(self.own / name), self._label(self.own / name), columns, keys)))

    def document(
        self, name: str, sections: Mapping[str, frozenset[str]], *, added_only: bool = False
    ) -> list[list[Row]]:
        """Entries of each section of a YAML file. `added_only`: the installation may add entries and change none."""
        found: dict[str, dict[str, Row]] = {section: {} for section in sections}
        for path in self._paths(name):
            for section, entries in _sections(path, self._label(path), sections).items():
                rows = self._once(entries)
                for key in rows.keys() & found[section].keys() if added_only else ():
                    rows[key].refuse("may not be changed here")
                found[section].update(rows)
        return [list(self._kept(rows).values()) for rows in found.values()]

    def beside(self, name: str, rows: Callable[[Any], Mapping[str, Mapping[str, Any]]]) -> None:
        """A file of the release that other modules read: only its rows count, for they too wait for somebody's review.
        `rows` picks them out of the document, by key."""
        path = self._read(self.folder / name)
        try:
            entries = rows(yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER))  # noqa: S506, as in _sections
        except (UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
            raise BadReference(name, "", f"cannot be read: {error}") from None
        self._kept({key: Row(name, key, key, values) for key, values in entries.items()})

    def _paths(self, name: str) -> Iterator[Path]:
        """A file must be in the main folder; the installation's own folder has what it needs."""
        for path in (self.folder / name, self.own / name if self.own else None):
            if path is not None and (path.parent == self.folder or path.exists()):
                yield self._read(path)

    def _read(self, path: Path) -> Path:
        try:
            self._digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
        except OSError as error:
            raise BadReference(self._label(path), "", f"cannot be read: {error.strerror}") from None
        return path

    def _label(self, path: Path) -> str:
        return path.name if path.parent == self.folder else f"{path.parent.name}/{path.name}"

    @staticmethod
    def _once(rows: Iterator[Row]) -> dict[str, Row]:
        found: dict[str, Row] = {}
        for row in rows:
            if row.key in found:
                row.refuse(f"{row.key} is there twice")
            found[row.key] = row
        return found

    def _kept(self, found: dict[str, Row]) -> dict[str, Row]:
        for key, row in found.items() if self._reviews else ():
            reviewed = self._reviews.get((row.file.rpartition("/")[2], key))
            if reviewed and reviewed[0] == row.digest():
                found[key] = Row(row.file, key, row.place, row.values, reviewed[1])
        self.rows += found.values()
        return found

    def _read_reviews(self) -> dict[tuple[str, str], tuple[str, str]]:
        path = self.own / "reviews.csv" if self.own else None
        if path is None or not path.exists():
            return {}
        rows = self._once(_lines(path, self._label(path), REVIEWS, ("file", "row")))
        return {
            (row.text("file", required=True), row.text("row", required=True)): (
                row.text("digest", required=True),
                row.text("reviewed_by", required=True),
            )
            for row in rows.values()
        }


def _lines(path: Path, label: str, columns: tuple[str, ...], keys: tuple[str, ...]) -> Iterator[Row]:
    """The rows of a CSV file that has exactly these columns."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            heading = next(reader, [])
            if tuple(heading) != columns:
                raise BadReference(label, "line 1", _about_columns(heading, columns))
            places = [columns.index(key) for key in keys]
            for cells in reader:
                line = f"line {reader.line_num}"
                if len(cells) != len(columns):
                    raise BadReference(label, line, f"{len(cells)} cells under {len(columns)} columns")
                key = " ".join(cells[place].strip() for place in places)
                yield Row(label, key, f"{line} ({key})", dict(zip(columns, cells, strict=True)))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadReference(label, "", f"cannot be read: {error}") from None


def _about_columns(heading: list[str], columns: tuple[str, ...]) -> str:
    missing, unknown = [c for c in columns if c not in heading], [h for h in heading if h not in columns]
    if missing:
        return f"columns are missing: {', '.join(missing)}"
    if unknown:
        return f"columns are unknown: {', '.join(unknown)}"
    return f"columns must be in this order: {', '.join(columns)}"


def _sections(path: Path, label: str, sections: Mapping[str, frozenset[str]]) -> dict[str, Iterator[Row]]:
    """The sections of a YAML file: each a list of mappings that have no keys but these."""
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER)  # noqa: S506, both loaders are safe ones
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadReference(label, "", f"cannot be read: {error}") from None
    if not isinstance(content, dict):
        raise BadReference(label, "", f"must have the sections {', '.join(sections)}")
    for unknown in content.keys() - sections.keys():
        raise BadReference(label, str(unknown), "no such section")
    return {section: _entries(label, section, content.get(section), keys) for section, keys in sections.items()}


def _entries(label: str, section: str, entries: object, keys: frozenset[str]) -> Iterator[Row]:
    entries = [] if entries is None else entries
    if not isinstance(entries, list):
        raise BadReference(label, section, "must be a list")
    for number, entry in enumerate(entries, 1):
        if not isinstance(entry, dict):
            raise BadReference(label, f"{section} {number}", "must be a mapping")
        key = str(entry.get("id") or entry.get("code") or "")
        row = Row(label, key, f"{section} {number} ({key})", entry)
        if not key:
            row.refuse("has neither id nor code")
        for unknown in entry.keys() - keys - PROVENANCE:
            row.refuse(f"no such key: {unknown}")
        yield row
