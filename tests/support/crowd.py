"""Many patients with money, and a doctor with free times, in the database of a real server: for races and for kills."""

import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
from sqlalchemy import func, insert, or_, select, update

from suwen.accounts.models import PatientProfile, User
from suwen.accounts.service import sessions
from suwen.core.actor import Actor
from suwen.core.db import new_id
from suwen.core.house import House
from suwen.core.outbox import OutboxMessage
from suwen.notifications.models import Contact, Notification
from suwen.payments.models import Order, Price
from suwen.payments.service import check_ledger, top_up
from suwen.scheduling.models import Appointment, Slot
from tests.support.cast import Ids, settle_in

SYMPTOM = "canary-symptom-8713"
NAME = "Canary Patient"


@dataclass
class Crowd:
    """`slots` are free tomorrow and later, with Dr Zhang; `tokens` belong to the patients."""

    house: House
    ids: Ids
    slots: list[str]
    patients: list[Actor]
    tokens: list[str]

    @classmethod
    def gather(cls, house: House, patients: int, slots: int) -> "Crowd":
        ids = house.db.write(settle_in)
        now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        free = house.db.write(lambda tx: _slots(tx, ids.doctors["zhang"], now + timedelta(days=1), slots))
        people = [house.db.write(lambda tx, n=n: _patient(tx, house, ids, n)) for n in range(patients)]
        return cls(house, ids, free, [actor for actor, _ in people], [token for _, token in people])

    # -- what must hold, whatever happened

    def faults(self, told: Iterable[str]) -> list[str]:
        """What is wrong with bookings, money and messages; `told` are the visits somebody was told are confirmed."""
        return self.house.db.read(lambda tx: [*_lost(tx, told), *_slots_wrong(tx), *check_ledger(tx), *_messages(tx)])

    def waiting(self) -> int:
        """How many events are due, or in some worker's hands, and not delivered."""
        begun = or_(OutboxMessage.due_at <= datetime.now(UTC), OutboxMessage.attempts > 0)
        due = select(func.count()).where(OutboxMessage.done_at.is_(None), begun)
        return self.house.db.read(lambda tx: tx.scalar(due)) or 0

    def delivered(self) -> int:
        done = select(func.count()).where(OutboxMessage.done_at.is_not(None))
        return self.house.db.read(lambda tx: tx.scalar(done)) or 0

    def let_leases_end(self) -> None:
        """What a killed worker had in hand comes back after five minutes; here at once."""
        now = datetime.now(UTC)
        held = update(OutboxMessage).where(OutboxMessage.done_at.is_(None), OutboxMessage.attempts > 0)
        self.house.db.write(lambda tx: tx.execute(held.values(due_at=now)))

    def drained(self, seconds: float = 180) -> bool:
        deadline = time.monotonic() + seconds
        while self.waiting():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True

    def written(self) -> Iterator[tuple[str, str]]:
        """(where, text) of every place that must not hold anything clinical."""

        def read(tx: Any) -> list[tuple[str, str]]:
            notes = tx.execute(select(Notification.title, Notification.content, Notification.meta))
            events = tx.scalars(select(OutboxMessage.payload))
            return [*(("notification", str(tuple(row))) for row in notes), *(("event", str(one)) for one in events)]

        yield from self.house.db.read(read)


@dataclass
class Bookers:
    """Threads that book and pay over HTTP until they are told to stop, or have no slot left."""

    url: str
    told: list[str] = field(default_factory=list)
    answers: list[tuple[int, str]] = field(default_factory=list)
    cut_off: int = 0
    stop: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)

    def begin(self, wishes: Iterable[tuple[str, list[str]]]) -> "Bookers":
        self.threads = [threading.Thread(target=self._book, args=wish) for wish in wishes]
        for thread in self.threads:
            thread.start()
        return self

    def end(self) -> None:
        self.stop.set()
        self.wait()

    def wait(self) -> None:
        for thread in self.threads:
            thread.join(120)
        assert not any(thread.is_alive() for thread in self.threads)

    def _book(self, token: str, slots: list[str]) -> None:
        headers = {"authorization": f"Bearer {token}"}
        with httpx.Client(base_url=self.url, headers=headers, timeout=30, verify=False) as client:
            for slot in slots:
                if self.stop.is_set():
                    return
                try:
                    self._book_one(client, slot)
                except httpx.TransportError:
                    self.cut_off += 1
                    time.sleep(0.1)

    def _book_one(self, client: httpx.Client, slot: str) -> None:
        held = client.post("/api/v1/appointments", json={"slot_id": slot, "symptoms": SYMPTOM})
        self.answers.append((held.status_code, "" if held.status_code == 201 else held.json()["code"]))
        if held.status_code == 201:
            visit = held.json()["id"]
            paid = client.post(f"/api/v1/appointments/{visit}/pay", json={"method": "balance"})
            if paid.status_code == 200 and paid.json()["status"] == "confirmed":
                self.told.append(visit)


def _slots(tx: Any, doctor: str, first: datetime, many: int) -> list[str]:
    tx.add(Price(service_type="appointment_online", service_name="Video visit", price=3000, currency="CNY"))
    length = timedelta(minutes=30)
    rows = [
        {"id": new_id(), "created_at": first, "doctor_id": doctor, "slot_start": first + n * length,
         "slot_end": first + (n + 1) * length, "zone": "Asia/Shanghai", "visit_type": "online_video"}
        for n in range(many)
    ]  # fmt: skip
    tx.execute(insert(Slot), rows)
    return [row["id"] for row in rows]


def _patient(tx: Any, house: House, ids: Ids, number: int) -> tuple[Actor, str]:
    now, name = datetime.now(UTC), f"{NAME} {number}"
    user = User(id=new_id(), account=f"crowd{number}", name=name, password_hash="x", role="patient", locale="en",
                phone=f"139{number:08}")  # fmt: skip
    tx.add(user)
    tx.flush()
    tx.add(Contact(user_id=user.id, name=name, locale="en"))
    known = {"gender": "female", "birthday": date(1990, 5, 4)}  # nobody books before they are
    tx.add(PatientProfile(id=new_id(), user_id=user.id, name=name, relationship="self", is_default=True, **known))
    tx.flush()
    top_up(tx, Actor(ids.users["admin"], "admin"), user.id, 1_000_000, now)
    actor, expires = sessions.start(tx, user, now, kind="api", strong=False, doctor_id=None, ip="", agent="tests")
    return actor, house.signer.issue(actor, expires)


def _lost(tx: Any, told: Iterable[str]) -> Iterator[str]:
    for visit in told:
        found = tx.get(Appointment, visit)
        order = tx.scalar(select(Order).where(Order.appointment_id == visit))
        if found is None or found.status != "confirmed" or order is None or order.status != "paid":
            yield f"{visit} was told to be confirmed, and is {found and found.status}, {order and order.status}"


def _slots_wrong(tx: Any) -> Iterator[str]:
    live = Appointment.status.not_in(("cancelled", "no_show"))
    count = func.count(Appointment.id)
    for slot, times in tx.execute(select(Appointment.slot_id, count).where(live).group_by(Appointment.slot_id)):
        if times != 1:
            yield f"slot {slot} is taken {times} times"
    taken = set(tx.scalars(select(Appointment.slot_id).where(live)))
    marked = set(tx.scalars(select(Slot.id).where(Slot.is_booked.is_(True))))
    yield from (f"slot {slot} is taken or marked, not both" for slot in taken ^ marked)


def _messages(tx: Any) -> Iterator[str]:
    """Each side hears of each booking once; no event was given up."""
    n = Notification
    same = select(n.user_id, n.type, n.related_id, n.title).group_by(n.user_id, n.type, n.related_id, n.title)
    for row in tx.execute(same.having(func.count() > 1)):
        yield f"told twice: {tuple(row)}"
    booked = tx.scalars(select(Appointment.id).where(Appointment.status == "confirmed")).all()
    told = select(n.related_id).where(n.type == "appointment_confirmed")
    heard = list(tx.scalars(told))
    yield from (f"{one}: {heard.count(one)} of 2 were told" for one in booked if heard.count(one) != 2)
    failed = tx.scalars(select(OutboxMessage.error).where(OutboxMessage.failed_at.is_not(None)))
    yield from (f"given up: {error}" for error in failed)
