"""What lists of money are filtered by, said in days of the clinic."""

from datetime import date, datetime, timedelta
from typing import Self

import msgspec

from suwen.payments import rules


class DayFilters(msgspec.Struct, kw_only=True, frozen=True):
    """Of [since, until); `q` is the beginning of a number, or part of a name or phone."""

    method: str | None = None
    q: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @classmethod
    def of_days(cls, zone: str, since: date | None, until: date | None, **words: str | None) -> Self:
        """From the first moment of `since` to the end of the day `until` in `zone`; an empty word filters nothing."""
        return cls(
            **{name: word or None for name, word in words.items()},
            since=rules.start_of(since, zone) if since else None,
            until=rules.start_of(min(until, rules.LAST_DAY) + timedelta(days=1), zone) if until else None,
        )
