"""What the person who keeps the reference data does: look at it, confirm rows, take in the hospital's own list.

Everything here answers with lines for a terminal, and refuses with BadReference before anything is written.
"""

import csv
import io
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from suwen.prescribing.reference.herbs import ALIASES
from suwen.prescribing.reference.loading import DATA, survey
from suwen.prescribing.reference.reader import PROVENANCE, REVIEWS
from suwen.prescribing.reference.rows import BadReference, Row
from suwen.prescribing.rules.reference import Piece, Reference
from suwen.prescribing.rules.resolver import Resolution, resolve
from suwen.prescribing.rules.spelling import plain

SHEET = ("file", "row", "says", "source", "edition", "evidence", "digest", "ok")
YES = frozenset({"yes", "y", "x", "ok", "是", "对", "√", "✓"})
# what the columns of a hospital's list are called where nobody says
COLUMNS = {
    "code": ("code", "编码", "代码", "药品编码"),
    "name": ("name", "名称", "品名", "药名", "药品名称", "饮片名称"),
    "aliases": ("aliases", "别名", "其他名称"),
    "piece": ("piece", "标准名称", "药典名称"),
}


def check(own: Path | None) -> Iterator[str]:
    """Prove the release's data together with a folder of one's own."""
    found, rows = survey(DATA, own)
    yield f"{found.version}: no fault was found."
    yield (
        f"{len(found.pieces)} pieces, {sum(len(one.doses) for one in found.pieces.values())} dose ranges, "
        f"{len(found.incompatibilities)} rules of incompatibility, {len(found.products)} products, "
        f"{len(found.ingredients)} ingredients, {len(found.allergies)} allergies, "
        f"{len(found.interactions)} interactions, {len(found.names)} names."
    )
    waiting = Counter(_file(row) for row in rows if not row.reviewed())
    for file, count in sorted(waiting.items()):
        yield f"{file}: {count} of {sum(_file(row) == file for row in rows)} rows wait for a pharmacist's review."
    grades = Counter(row.provenance().evidence for row in rows)
    yield "Evidence: " + ", ".join(f"{grade} {count}" for grade, count in sorted(grades.items())) + "."


def listed(own: Path | None, *, unreviewed: bool) -> Iterator[str]:
    found, rows = survey(DATA, own)
    for row in rows:
        if not (unreviewed and row.reviewed()):
            about = row.provenance()
            source = f"[{about.evidence}] {about.source} {about.edition}".rstrip()
            yield f"{_file(row)}  {row.key}  {_says(found, row)}  {source}"


def write_sheet(own: Path | None, target: Path, *, unreviewed: bool) -> int:
    """A sheet for the pharmacist: a row for each row, with an empty column `ok`. Returns how many."""
    found, rows = survey(DATA, own)
    wanted = [row for row in rows if not (unreviewed and row.reviewed())]
    with target.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(SHEET)
        for row in wanted:
            about = row.provenance()
            says = _says(found, row)
            writer.writerow([_file(row), row.key, says, about.source, about.edition, about.evidence, row.digest(), ""])
    return len(wanted)


def review(own: Path, sheet: Path, by: str, on: date) -> int:
    """Note in the own folder that `by` confirms the rows with a yes in column `ok`. A row that says something else
    than when the sheet was written is refused, and then nothing is noted. Returns how many."""
    if not by.strip():
        raise BadReference(sheet.name, "", "who confirms it?")
    _, rows = survey(DATA, own if own.is_dir() else None)
    known = {(_file(row), row.key): row for row in rows}
    notes = {(note["file"], note["row"]): note for note in _table(own / "reviews.csv", REVIEWS)}
    confirmed = 0
    for number, line in enumerate(_table(sheet, SHEET, needed=True), 2):
        if line["ok"].strip().casefold() not in YES:
            continue
        key = (line["file"], line["row"])
        row = known.get(key)
        if row is None or row.digest() != line["digest"]:
            reason = "is not there any more" if row is None else "says something else than when the sheet was written"
            raise BadReference(sheet.name, f"line {number} ({line['row']})", reason)
        notes[key] = {"file": key[0], "row": key[1], "digest": row.digest(), "reviewed_by": by.strip(),
                      "reviewed_on": on.isoformat()}  # fmt: skip
        confirmed += 1
    _write(own, "reviews.csv", REVIEWS, notes.values())
    return confirmed


@dataclass(frozen=True)
class Taken:
    """`unknown` are names nothing was taken for, with what comes close."""

    rows: int
    added: int
    unknown: list[tuple[str, Resolution]]


def take_in(own: Path, file: Path, names: Mapping[str, str], by: str, on: date) -> Taken:
    """Aliases and codes from a hospital's own list. A name is taken where it is known, or where the list itself says
    which piece it is; nothing is guessed."""
    reference, _ = survey(DATA, own if own.is_dir() else None)
    kept = {(row["piece"], row["alias"]): row for row in _table(own / "aliases.csv", ALIASES)}
    before, unknown, lines = len(kept), [], list(_hospital(file, names))
    for line in lines:
        piece, resolution = _meant(reference, line)
        if piece is None:
            unknown.append((line["name"], resolution))
            continue
        for alias in _aliases(line):
            _not_another(reference, piece, alias, file.name, line["name"])
            if plain(alias, reference.characters) not in _known(reference, piece):
                about = {"source": f"{file.name}, {on.isoformat()}", "edition": "", "evidence": "S",
                         "reviewed_by": by, "version": "1"}  # fmt: skip
                kept.setdefault((piece.code, alias), {"piece": piece.code, "alias": alias, **about})
    _write(own, "aliases.csv", ALIASES, kept.values())
    return Taken(len(lines), len(kept) - before, unknown)


def _meant(reference: Reference, line: Mapping[str, str]) -> tuple[Piece | None, Resolution]:
    said = line["piece"]
    if said in reference.pieces:
        return reference.pieces[said], Resolution(said)
    resolution = resolve(reference, said or line["name"])
    return reference.pieces.get(resolution.code), resolution


def _aliases(line: Mapping[str, str]) -> list[str]:
    more = line["aliases"]
    for separator in "，,、;；/":
        more = more.replace(separator, "|")
    return list(dict.fromkeys(one.strip() for one in (line["name"], line["code"], *more.split("|")) if one.strip()))


def _not_another(reference: Reference, piece: Piece, alias: str, file: str, place: str) -> None:
    for code in reference.names.get(plain(alias, reference.characters), ()):
        if code in reference.pieces and code != piece.code:
            other = reference.pieces[code].name
            raise BadReference(file, place, f"{alias} already means {other}, and here it would mean {piece.name}")


def _known(reference: Reference, piece: Piece) -> set[str]:
    return {plain(name, reference.characters) for name in (piece.name, piece.traditional, *piece.aliases)}


def _hospital(file: Path, names: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Lines of a list in UTF-8 or GB 18030, separated by commas, semicolons or tabs."""
    for unknown in names.keys() - COLUMNS.keys():
        raise BadReference(file.name, "", f"there is nothing called {unknown}: only {', '.join(COLUMNS)}")
    data = _bytes(file)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("gb18030", errors="replace")
    heading = text.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(text), delimiter=max(",;\t", key=heading.count))
    there = [column.strip() for column in reader.fieldnames or ()]
    places = {what: names.get(what) or next((one for one in COLUMNS[what] if one in there), "") for what in COLUMNS}
    for what, column in places.items():
        if column not in there and (what == "name" or what in names):
            raise BadReference(file.name, "line 1", f"no column {column or what!r}; there are {', '.join(there)}")
    for record in reader:
        cells = {(key or "").strip(): (value or "").strip() for key, value in record.items() if isinstance(value, str)}
        if cells.get(places["name"]):
            yield {what: cells.get(column, "") for what, column in places.items()}


def _file(row: Row) -> str:
    return row.file.rpartition("/")[2]


def _says(reference: Reference, row: Row) -> str:
    """What a row says, for people: its columns, with names for codes."""
    parts = []
    for column, value in row.values.items():
        if column in PROVENANCE or value in ("", None, []):
            continue
        if isinstance(value, list):
            value = " ".join(_named(reference, str(one)) for one in value)
        parts.append(f"{column}: {_named(reference, value)}")
    return "; ".join(parts)


def _named(reference: Reference, value: object) -> str:
    piece = reference.pieces.get(value) if isinstance(value, str) else None
    return piece.name if piece else str(value)


def _table(path: Path, columns: tuple[str, ...], *, needed: bool = False) -> list[dict[str, str]]:
    if not needed and not path.exists():
        return []
    lines = list(csv.DictReader(io.StringIO(_bytes(path).decode("utf-8-sig", errors="replace"))))
    if lines and not set(columns) <= lines[0].keys():
        raise BadReference(path.name, "line 1", f"the columns must be {', '.join(columns)}")
    return lines


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadReference(path.name, "", f"cannot be read: {error.strerror}") from None


def _write(own: Path, name: str, columns: tuple[str, ...], lines: Iterable[Mapping[str, str]]) -> None:
    """Write a file of the own folder, if all the data is still good with it."""
    with tempfile.TemporaryDirectory() as place:
        trial = Path(place) / own.name
        if own.is_dir():
            shutil.copytree(own, trial)
        else:
            trial.mkdir()
        with (trial / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(lines)
        survey(DATA, trial)
        own.mkdir(parents=True, exist_ok=True)
        fresh = own / f".{name}.{os.getpid()}"
        shutil.copyfile(trial / name, fresh)
        fresh.replace(own / name)
