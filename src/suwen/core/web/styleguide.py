"""`/styleguide`: every part of the design system in all its states, for those who build pages and for the checks."""

from datetime import datetime, timedelta
from typing import Any

from suwen.core.actor import Actor
from suwen.core.errors import Invalid, NotFound
from suwen.core.house import House
from suwen.core.web.answers import Page
from suwen.core.web.routes import ANYONE, page, routes_of

LONG = "Bartholomew Constantine Featherstonehaugh-Cholmondeley"


@page("/styleguide", who=ANYONE)
def styleguide(house: House, me: Actor, now: datetime, part: str | None = None) -> Page:
    """Invented people only; in production it is the administrator's. `part=refused` shows the forms after a refusal."""
    if house.production and me.role != "admin":
        raise NotFound()
    refused = part == "refused"
    refusal = Invalid(fields={"name": "Please fill this in.", "city": "This does not fit here. Please correct it."})
    wrong: dict[str, Any] = {"refusal": refusal, "typed": {"name": "", "why": "头晕,三天了"}} if refused else {}
    return Page("styleguide.html", {"sample": samples(now), **wrong})


def samples(now: datetime) -> dict[str, Any]:
    return {
        "soon": now + timedelta(minutes=25),
        "hold": now + timedelta(minutes=14, seconds=20),
        "past": now - timedelta(days=9),
        "week": [_day(now, offset) for offset in range(7)],
        "people": PEOPLE,
        "long": LONG,
        "days": [f"{n}" for n in range(1, 15)],
        "visits": [12, 18, 16, 22, 19, 8, 3, 17, 21, 20, 24, 23, 9, 4],
        "free": [30, 24, 26, 20, 23, 12, 9, 25, 21, 22, 18, 19, 11, 8],
    }


PEOPLE = [
    {"name": "李秀英", "phone": "138****5678", "age": 67, "gender": "female", "status": "active", "visits": 12},
    {"name": LONG, "phone": "+44 **** 0123", "age": 41, "gender": "male", "status": "suspended", "visits": 1},
    {"name": "欧阳文轩", "phone": "139****0042", "age": 8, "gender": "male", "status": "inactive", "visits": 0},
]


def _day(now: datetime, offset: int) -> dict[str, Any]:
    date = (now + timedelta(days=offset)).date()
    if offset == 4:
        return {"date": date, "today": False, "times": [], "note": None}
    if offset == 0:
        times = [_time("08:30", "past"), _time("09:00", "past"), _time("14:30", "mine"), _time("15:00", "taken")]
    else:
        hours = range(8, 8 + 3 + offset)
        times = [_time(f"{hour:02d}:{'30' if hour % 2 else '00'}", "held" if hour == 10 else "free") for hour in hours]
    return {"date": date, "today": offset == 0, "times": times}


def _time(label: str, state: str) -> dict[str, str]:
    return {"label": label, "href": "#week", "state": state}


ROUTES = routes_of(styleguide)
