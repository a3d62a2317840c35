"""A clinic that is open: Dr. Zhang every day 09:00-12:00 in Shanghai, prices, money in the wallets."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select

from suwen.core.actor import Actor
from suwen.payments.models import Price
from suwen.payments.service import top_up
from suwen.scheduling.models import Appointment, Availability, Slot

NINE = datetime(2030, 1, 2, 1, tzinfo=UTC)  # 09:00 in Shanghai, on Wednesday


@pytest.fixture
def priced(house) -> None:
    def write(tx: Any) -> None:
        for service, amount in (("appointment_online", 3000), ("appointment_offline", 5000)):
            tx.add(Price(service_type=service, service_name=service, price=amount, currency="CNY"))

    house.db.write(write)


@pytest.fixture
def hours(people, ids, priced) -> Callable[..., Any]:
    """`hours("zhang", recurrence="WEEKLY Mon")` publishes and returns the answer."""

    def publish(login: str = "zhang", **more: Any) -> Any:
        body = {
            "first_day": "2030-01-01", "opens": "09:00", "closes": "12:00", "recurrence": "DAILY",
            "zone": "Asia/Shanghai",
        } | more  # fmt: skip
        body = {name: value for name, value in body.items() if value is not None}
        return people[login]("POST", f"/api/v1/doctors/{ids.doctors[login]}/hours", json=body)

    return publish


@pytest.fixture
def open_clinic(hours) -> None:
    assert hours().status_code == 201


@pytest.fixture
def rich(house, ids) -> Callable[[str, int], None]:
    def fill(login: str, amount: int = 10_000) -> None:
        desk = Actor(ids.users["admin"], "admin")
        house.db.write(lambda tx: top_up(tx, desk, ids.users[login], amount, house.clock()))

    return fill


@pytest.fixture
def free(people, ids) -> Callable[..., list[dict[str, Any]]]:
    """The free slots of a week, as the API tells them."""

    def look(login: str = "zhang", day: str = "2030-01-02", zone: str = "Asia/Shanghai") -> list[dict[str, Any]]:
        answer = people["guest"]("GET", f"/api/v1/doctors/{ids.doctors[login]}/free-slots?day={day}&zone={zone}")
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["slots"]
        return found

    return look


@pytest.fixture
def slot(open_clinic, free) -> dict[str, Any]:
    """The slot at nine on Wednesday."""
    return next(one for one in free() if one["starts_at"] == "2030-01-02T01:00:00Z")


@pytest.fixture
def book(people) -> Callable[..., Any]:
    """`book("li", slot, person="mother")` posts, and expects 201 unless `refused`."""

    def post(login: str, slot: dict[str, Any], person: str | None = None, refused: bool = False, **more: Any) -> Any:
        body: dict[str, Any] = {"slot_id": slot["id"]} | more
        if person:
            body["patient_profile_id"] = people[login].profiles[person]
        answer = people[login]("POST", "/api/v1/appointments", json=body)
        if not refused:
            assert answer.status_code == 201, answer.text
            return answer.json()
        return answer

    return post


@pytest.fixture
def paid(people, slot, book, rich, settle) -> Any:
    """Li's visit at nine on Wednesday, paid from her balance."""
    rich("li")
    held = book("li", slot)
    people["li"]("POST", f"/api/v1/appointments/{held['id']}/pay", json={"method": "balance"})
    settle()
    return held


@pytest.fixture
def state(house) -> Callable[[], dict[str, Any]]:
    """What the tables hold: to assert that a refusal changed nothing."""

    def look(tx: Any) -> dict[str, Any]:
        visits = tx.execute(select(Appointment.id, Appointment.status, Appointment.version, Appointment.slot_id))
        booked = tx.scalar(select(func.count()).where(Slot.is_booked.is_(True)))
        return {
            "visits": sorted(tuple(row) for row in visits),
            "booked": booked,
            "slots": tx.scalar(select(func.count(Slot.id))),
            "hours": tx.scalar(select(func.count(Availability.id)).where(Availability.is_deleted.is_(False))),
        }

    return lambda: house.db.read(look)
