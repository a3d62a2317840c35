"""The free times of a day as chips. In Python: a week has a hundred of them, and a template takes ten times as long."""

from collections.abc import Iterable, Mapping
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from suwen.scheduling.schemas import FreeSlot


def chips(
    free: Iterable[FreeSlot], zone: str, day: str, kinds: Mapping[str, str], at_clinic: str, href: str | None
) -> Markup:
    """List items, as `ui.chip` makes them: links to `href` and the slot, or no links without it.

    `day` and `kinds` (by visit type) are words for the label of a link; `at_clinic` has the place %(time)s, for slots
    of another zone than the reader's.
    """
    here, made = ZoneInfo(zone), []
    before, after = escape(day), {kind: escape(word) for kind, word in kinds.items()}
    places: dict[str, ZoneInfo] = {}
    for slot in free:
        time = slot.starts_at.astimezone(here).isoformat()[11:16]
        if href is None:
            made.append(f'<li><span class="chip chip-free">{time}<span class="visually-hidden"> </span></span></li>')
            continue
        said = f"{before}, {time}, {after[slot.visit_type]}"
        if slot.zone != zone:
            there = places.get(slot.zone) or places.setdefault(slot.zone, ZoneInfo(slot.zone))
            said += f", {escape(at_clinic) % {'time': slot.starts_at.astimezone(there).isoformat()[11:16]}}"
        made.append(f'<li><a class="chip" href="{href}{slot.id}" aria-label="{said}">{time}</a></li>')
    return Markup("".join(made))  # noqa: S704  times and ids of ours, and words that were escaped
