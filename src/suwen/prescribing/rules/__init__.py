"""Rules of prescribing: pure functions over what the reference files say. No Session, no clock, no network, no files.

`lines` reads how long and how much; `codes` makes and reads numbers; `reference` has the shapes of the reference data;
`findings` what goes into an evaluation and what comes out of it.
"""

from suwen.prescribing.rules.lines import (
    LINES_SHOWN,
    LONGEST,
    MOST_LINES,
    days_of,
    gaps,
    with_both,
    words_of,
)

__all__ = ["LINES_SHOWN", "LONGEST", "MOST_LINES", "days_of", "gaps", "with_both", "words_of"]
