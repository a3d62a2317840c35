"""The reference data: read once, when it is first needed, and proved before it is used.

`load(folder)` reads a folder of files and refuses whatever is doubtful; `reference()` is what this installation uses:
the files of the release, and over them those that `own_folder(settings)` has.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from suwen.prescribing.reference.loading import DATA, load, survey
from suwen.prescribing.reference.rows import BadReference, Row
from suwen.prescribing.rules.reference import Reference
from suwen.settings import Settings

__all__ = ["DATA", "BadReference", "Row", "load", "own_folder", "reference", "survey", "use"]


@dataclass(frozen=True)
class Source:
    own: Path | None = None
    production: bool = False
    accept_unreviewed: bool = False


_source = Source()


def own_folder(settings: Settings) -> Path:
    return settings.data_dir / "reference"


def use(settings: Settings) -> None:
    """Say whose reference data `reference()` is; nothing is read yet."""
    global _source
    own = own_folder(settings)
    _source = Source(own if own.is_dir() else None, settings.production, settings.unreviewed_reference)


def reference() -> Reference:
    """The reference data of this installation; BadReference where it must not be used."""
    return _read(_source)


@lru_cache(maxsize=2)
def _read(source: Source) -> Reference:
    return load(DATA, source.production, source.accept_unreviewed, own=source.own)
