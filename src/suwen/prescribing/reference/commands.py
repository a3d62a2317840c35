"""`suwen reference ...` and a line of `suwen check`: what is asked, and the answer in lines."""

from argparse import Namespace
from collections.abc import Iterator
from datetime import date

from suwen.core.checkup import Finding
from suwen.prescribing.reference import own_folder
from suwen.prescribing.reference.keeping import check, listed, review, take_in, write_sheet
from suwen.prescribing.reference.loading import DATA, load
from suwen.prescribing.reference.rows import BadReference
from suwen.settings import Settings


def state(settings: Settings) -> Finding:
    own = own_folder(settings)
    try:
        found = load(DATA, settings.production, settings.unreviewed_reference, own=own if own.is_dir() else None)
    except BadReference as error:
        fix = "Have the rows reviewed (`suwen reference list --unreviewed`), or set SUWEN_UNREVIEWED_REFERENCE=1."
        return Finding("reference data", "bad", f"Cannot be used: {error}.", fix)
    if not found.reviewed:
        words = f"{found.version}: not every row was reviewed by a pharmacist; prescriptions say so."
        return Finding("reference data", "note", words, "See `suwen reference list --unreviewed`.")
    return Finding("reference data", "ok", f"{found.version}, reviewed.")


def answer(given: Namespace, settings: Settings, today: date) -> Iterator[str]:
    """BadReference where something is wrong; then nothing was written."""
    own = own_folder(settings)
    there = own if own.is_dir() else None
    match given.action:
        case "check":
            if given.folder and not given.folder.is_dir():
                raise BadReference(str(given.folder), "", "is no folder")
            yield from check(given.folder or there)
        case "list" if given.sheet:
            count = write_sheet(there, given.sheet, unreviewed=given.unreviewed)
            yield f"{count} rows in {given.sheet}. Write yes in column ok, then: suwen reference review {given.sheet}"
        case "list":
            yield from listed(there, unreviewed=given.unreviewed)
        case "review":
            count = review(own, given.sheet, given.by, today)
            yield f"{count} rows are noted as reviewed by {given.by}. Restart the servers."
        case "import":
            yield from _import(given, settings, today)


def _import(given: Namespace, settings: Settings, today: date) -> Iterator[str]:
    names = dict(pair.split("=", 1) if "=" in pair else (pair, "") for pair in given.map)
    taken = take_in(own_folder(settings), given.file, names, given.by, today)
    yield f"{taken.rows} lines, {taken.added} new names, {len(taken.unknown)} not known. Restart the servers."
    for name, resolution in taken.unknown:
        close = "、".join(one.name for one in resolution.suggestions)
        yield f"not known: {name}" + (f" (close: {close})" if close else "")
    if taken.unknown:
        yield "Give their standard name in a column `piece` and import again, or add them to pieces.csv."
