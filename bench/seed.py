"""Fill an empty, migrated database: 200 doctors, 100,000 slots, 50,000 appointments, 6,000 patients with a session each.

Rows are written in bulk, past the services: what is measured later goes through them. Prints the lists that wrk replays.
"""

import json
import random
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from suwen.accounts.models import PatientProfile, SignIn, User
from suwen.clinics.models import ClinicLocation, Department, Doctor
from suwen.core.actor import Actor
from suwen.core.db import new_id
from suwen.core.house import House
from suwen.notifications.models import Contact, Notification
from suwen.payments.models import Balance, Order, Price
from suwen.scheduling.models import Appointment, Slot

DOCTORS, SLOTS_EACH, PATIENTS, BOOKED_EACH = 200, 500, 6000, 250
STEP = timedelta(minutes=30)
A_DAY = 16  # slots of a working day


def fill(house: House, folder: Path) -> None:
    """Write the rows, then one file per thing to measure: METHOD TOKEN PATH [BODY]."""
    now = datetime.now(UTC)
    dice = random.Random(7)
    ids = house.db.write(lambda tx: _people(tx, now))
    house.db.write(lambda tx: _place(tx, ids, now))
    first = (now - timedelta(days=14)).replace(hour=1, minute=0, second=0, microsecond=0)
    slots = house.db.write(lambda tx: _slots(tx, ids, first))
    taken = house.db.write(lambda tx: _appointments(tx, ids, slots, now, dice))
    house.db.write(lambda tx: _inboxes(tx, ids, now))
    _lists(house, folder, ids, slots, taken, now, dice)


def _people(tx: Session, now: datetime) -> dict[str, list[str]]:
    ids = {name: [new_id() for _ in range(n)] for name, n in
           (("users", DOCTORS), ("doctors", DOCTORS), ("patients", PATIENTS), ("profiles", PATIENTS),
            ("sessions", PATIENTS))}  # fmt: skip
    department = Department(id=new_id(), code="B1", name="Internal medicine")
    tx.add(department)
    tx.flush()
    _bulk(tx, User, ({"id": id, "account": f"doctor{n}", "name": f"Doctor {n}", "password_hash": "-", "role": "doctor"}
                     for n, id in enumerate(ids["users"])))  # fmt: skip
    _bulk(tx, Doctor, ({"id": id, "user_id": ids["users"][n], "certificate_type": "x", "id_number": "x",
                        "hospital": "Suwen", "title": "Physician", "department_id": department.id,
                        "specialties": ["insomnia", "digestion"], "introduction": "Long experience. " * 10,
                        "license_number": str(n), "license_authority": "x", "verification_status": "approved"}
                       for n, id in enumerate(ids["doctors"])))  # fmt: skip
    _bulk(tx, User, ({"id": id, "account": f"patient{n}", "name": f"Patient {n}", "password_hash": "-",
                      "role": "patient"} for n, id in enumerate(ids["patients"])))  # fmt: skip
    _bulk(tx, PatientProfile, ({"id": id, "user_id": ids["patients"][n], "name": f"Patient {n}", "gender": "female",
                                "birthday": date(1980, 1, 1), "relationship": "self", "is_default": True}
                               for n, id in enumerate(ids["profiles"])))  # fmt: skip
    _bulk(tx, SignIn, ({"id": id, "user_id": ids["patients"][n], "kind": "api", "last_seen_at": now,
                        "expires_at": now + timedelta(hours=12)} for n, id in enumerate(ids["sessions"])))  # fmt: skip
    _bulk(tx, Contact, ({"user_id": id, "name": f"Patient {n}"} for n, id in enumerate(ids["patients"])))
    _bulk(tx, Balance, ({"user_id": id, "balance": 10_000_00, "total_income": 10_000_00} for id in ids["patients"]))
    return ids


def _place(tx: Session, ids: dict[str, list[str]], now: datetime) -> None:
    place = ClinicLocation(id=new_id(), name="Main street", timezone="Asia/Shanghai")
    tx.add(place)
    tx.add(Price(service_type="appointment_online", service_name="Video", price=5000, is_active=True))
    tx.add(Price(service_type="appointment_offline", service_name="Visit", price=5000, is_active=True))
    ids["place"] = [place.id]


def _slots(tx: Session, ids: dict[str, list[str]], first: datetime) -> list[tuple[str, str, datetime]]:
    """(id, doctor, start), doctor by doctor; the first half of each doctor's is booked."""
    rows = []
    for doctor in ids["doctors"]:
        for n in range(SLOTS_EACH):
            start = first + timedelta(days=n // A_DAY) + n % A_DAY * STEP
            rows.append((new_id(), doctor, start))
    _bulk(tx, Slot, ({"id": id, "doctor_id": doctor, "slot_start": start, "slot_end": start + STEP,
                      "zone": "Asia/Shanghai", "visit_type": "online_video", "is_booked": n % SLOTS_EACH < BOOKED_EACH}
                     for n, (id, doctor, start) in enumerate(rows)))  # fmt: skip
    return rows


def _appointments(
    tx: Session, ids: dict[str, list[str]], slots: list[tuple[str, str, datetime]], now: datetime, dice: random.Random
) -> list[tuple[str, int]]:
    made, rows, orders = [], [], []
    for n, (slot, doctor, start) in enumerate(slots):
        if n % SLOTS_EACH >= BOOKED_EACH:
            continue
        id, who = new_id(), dice.randrange(PATIENTS)
        made.append((id, who))
        rows.append({
            "id": id, "patient_id": ids["patients"][who], "patient_profile_id": ids["profiles"][who],
            "doctor_id": doctor, "slot_id": slot, "active_slot_id": slot, "appointment_start": start,
            "appointment_end": start + STEP, "appointment_date": start, "time_slot": "09:00-09:30",
            "zone": "Asia/Shanghai", "visit_type": "online_video", "symptoms": "Sleeps badly", "status": "confirmed",
        })  # fmt: skip
        orders.append({
            "id": new_id(), "order_no": f"B{n:012d}", "user_id": ids["patients"][who], "appointment_id": id,
            "subject": f"appointment:{id}", "order_type": "appointment", "amount": 5000, "currency": "CNY",
            "status": "paid", "expire_time": now, "description": "Appointment",
        })  # fmt: skip
    _bulk(tx, Appointment, rows)
    _bulk(tx, Order, orders)
    return made


def _inboxes(tx: Session, ids: dict[str, list[str]], now: datetime) -> None:
    _bulk(tx, Notification, ({"id": new_id(), "user_id": user, "type": "appointment_confirmed", "title": "Confirmed",
                              "content": "Your appointment is confirmed.", "created_at": now - timedelta(minutes=n)}
                             for user in ids["patients"] for n in range(10)))  # fmt: skip


def _lists(
    house: House, folder: Path, ids: dict[str, list[str]], slots: list[tuple[str, str, datetime]],
    taken: list[tuple[str, int]], now: datetime, dice: random.Random,
) -> None:  # fmt: skip
    until = now + timedelta(hours=12)
    tokens = [
        house.signer.issue(Actor(user, "patient", session), until)
        for user, session in zip(ids["patients"], ids["sessions"], strict=True)
    ]
    reader = tokens[0]
    day = (slots[BOOKED_EACH + 40][2]).date().isoformat()
    doctors = [f"GET {reader} /api/v1/doctors/{id}/free-slots?day={day}" for id in ids["doctors"]]
    free = [slot for n, slot in enumerate(slots) if n % SLOTS_EACH >= BOOKED_EACH + 60]
    dice.shuffle(free)
    own = {}
    for id, who in taken:
        own.setdefault(who, id)
    lists = {
        "bare": [f"GET {reader} /api/v1/bench/bare"],
        "hello": [f"GET {reader} /api/v1/bench/hello"],
        "directory": [f"GET {reader} /api/v1/doctors"],
        "week, kept": doctors,
        "week, from the database": [line.replace("/doctors/", "/bench/weeks/") for line in doctors],
        "appointment": [f"GET {tokens[who]} /api/v1/appointments/{id}" for who, id in list(own.items())[:200]],
        "doctor page": [f"GET {reader} /doctors/{id}?day={day}" for id in ids["doctors"]],
        "inbox": [f"GET {token} /api/v1/notifications" for token in tokens[:200]],
        "booking": [
            f"POST {token} /api/v1/appointments {json.dumps({'slot_id': slot[0], 'symptoms': 'x'}, separators=(',', ':'))}"
            for token, slot in zip(tokens, free, strict=False)
        ],
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in lists.items():
        (folder / name.replace(", ", "-").replace(" ", "-")).write_text("\n".join(lines) + "\n")


def _bulk(tx: Session, model: Any, rows: Iterable[dict[str, Any]]) -> None:
    for chunk in _chunks(rows, 2000):
        tx.execute(insert(model), chunk)


def _chunks(rows: Iterable[dict[str, Any]], size: int) -> Iterator[list[dict[str, Any]]]:
    chunk: list[dict[str, Any]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
