"""What a signature and a printed prescription cost, in the clinic of the demonstration: one after the other, SQLite."""

import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from suwen.app import build_house
from suwen.clinics.models import Doctor
from suwen.core import migrate
from suwen.core.actor import Actor
from suwen.core.house import House
from suwen.demo import day
from suwen.demo.visits import at_the_desk
from suwen.prescribing import pdf, service
from suwen.prescribing.schemas import DraftInput, Facts, Medicine, Regimen, SignInput
from suwen.prescribing.service import papers
from suwen.scheduling.models import Appointment
from suwen.settings import Settings

SIGNED, PRINTED = 40, 10
FORMULA = [
    "党参",
    "12",
    "白术",
    "10",
    "茯苓",
    "12",
    "陈皮",
    "6",
    "木香",
    "6",
    "砂仁",
    "6",
    "炙甘草",
    "6",
    "山药",
    "15",
    "莲子",
    "10",
    "薏苡仁",
    "15",
]


def report() -> None:
    with tempfile.TemporaryDirectory(prefix="suwen-bench-") as folder:
        settings = Settings.from_environment({"SUWEN_DATA_DIR": folder})
        migrate.upgrade(settings.database_url)
        house = build_house(settings)
        with redirect_stdout(StringIO()):
            day.fill(house)
        measure(house, Path(folder) / "suwen.db")
        house.db.close()


def measure(house: House, database: Path) -> None:
    print(f"\nprescriptions of ten herbs, beside a clinic of {database.stat().st_size / 1e6:.0f} MB: ms")
    print(f"{'':32}{'p50':>8}{'worst':>8}")
    visit, doctor = house.db.write(lambda tx: a_visit(tx, house))
    line("sign", [signed_once(house, visit, doctor) for _ in range(SIGNED)])
    zone, now = house.settings.zone, house.clock()
    last = house.db.write(lambda tx: service.draft(tx, doctor, entry(visit), now))

    def printed() -> Any:
        one = house.db.read(lambda tx: service.view(tx, doctor, tx.merge(last, load=False)))
        paper = house.db.read(lambda tx: papers.paper(tx, one, "zh-CN", zone))
        return pdf.made(house.press, one, paper, now, "zh-CN", zone, house.settings.base_url)

    printed()  # the child begins
    line("print (PDF)", [timed(printed) for _ in range(PRINTED)])


def a_visit(tx: Session, house: House) -> tuple[str, Actor]:
    """The last visit that has ended, and its doctor, who has just said the password again."""
    last = (
        select(Appointment.id, Appointment.doctor_id, Doctor.user_id)
        .join(Doctor, Doctor.id == Appointment.doctor_id)
        .where(Appointment.status == "completed")
        .order_by(Appointment.appointment_start.desc())
    )
    id, doctor_id, user_id = tx.execute(last.limit(1)).one()
    return id, at_the_desk(tx, Actor(user_id, "doctor", doctor_id=doctor_id), house.clock())


def entry(visit: str) -> DraftInput:
    lines = [Medicine(name=name, amount=grams, unit="g") for name, grams in zip(*[iter(FORMULA)] * 2, strict=True)]
    asked = Facts(allergies=[], pregnancy="no", lactating=False)
    regimen = Regimen(doses=7, doses_per_day="1", ml=400, times_per_day=2)
    return DraftInput(
        appointment_id=visit, kind="herbal", diagnosis="脾虚", medicines=lines, regimen=regimen, facts=asked
    )


def sign(tx: Session, house: House, doctor: Actor, made: Any) -> None:
    read = {one.key: "weighed against the benefit" for one in service.view(tx, doctor, made).findings}
    service.sign(tx, doctor, made.id, SignInput(version=made.version, answers=read), house.clock())


def signed_once(house: House, visit: str, doctor: Actor) -> float:
    """Made void afterwards, or the next one of this person would be a double of it."""
    now = house.clock()
    made = house.db.write(lambda tx: service.draft(tx, doctor, entry(visit), now))
    took = timed(lambda: house.db.write(lambda tx: sign(tx, house, doctor, made)))
    house.db.write(lambda tx: service.void(tx, doctor, made.id, "signed for its cost", now))
    return took


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)


def line(name: str, took: list[float]) -> None:
    print(f"{name:32}{statistics.median(took):8.1f}{max(took):8.1f}", flush=True)


if __name__ == "__main__":
    report()
