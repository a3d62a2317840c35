"""A clinic with the cast in a running server's own database, and two people who are about to meet in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import BrowserContext
from sqlalchemy import select

from suwen.accounts.models import User
from suwen.accounts.service import care, sessions
from suwen.app import build_house
from suwen.consultations.models import CallEvent, Consultation
from suwen.core.db import new_id
from suwen.core.house import House
from suwen.scheduling.models import Appointment
from suwen.settings import Settings
from tests.support.cast import Ids, settle_in


@dataclass
class Clinic:
    """`cookie_of("li")` is a signed-in browser's cookie; `book()` a confirmed video visit of Li's with Dr Zhang."""

    house: House
    ids: Ids

    @classmethod
    def of(cls, env: Mapping[str, str]) -> "Clinic":
        alone = {name: value for name, value in env.items() if name != "SUWEN_REDIS_URL"}
        house = build_house(Settings.from_environment(alone))
        return cls(house, house.db.write(settle_in))

    def book(self, minutes: float = 10, visit_type: str = "online_video", patient: str = "li") -> str:
        now = datetime.now(UTC)
        start = now + timedelta(minutes=minutes)
        profile = self.ids.profiles[patient]["self"]
        appointment = Appointment(
            id=new_id(), patient_id=self.ids.users[patient], patient_profile_id=profile, status="confirmed",
            doctor_id=self.ids.doctors["zhang"], appointment_start=start, appointment_end=start + timedelta(minutes=30),
            appointment_date=start, time_slot="09:00-09:30", zone="Asia/Shanghai", visit_type=visit_type,
            symptoms="Tired for weeks, cold hands and feet. 乏力，手足不温。",
        )  # fmt: skip

        def write(tx: Any) -> None:
            tx.add(appointment)
            tx.flush()
            care.relate_care(tx, profile, self.ids.users["zhang"], appointment.id, "visit", now)

        self.house.db.write(write)
        return appointment.id

    def sign_in(self, context: BrowserContext, login: str, url: str) -> BrowserContext:
        context.add_cookies([{"name": "session", "value": self.token(login), "url": url}])
        return context

    def token(self, login: str) -> str:
        def start(tx: Any) -> str:
            user = tx.get_one(User, self.ids.users[login])
            place: dict[str, Any] = {"doctor_id": self.ids.doctors.get(login), "ip": "", "agent": "tests"}
            strong = user.role != "patient"
            actor, expires = sessions.start(tx, user, datetime.now(UTC), kind="web", strong=strong, **place)
            return self.house.signer.issue(actor, expires)

        return self.house.db.write(start)

    def room_of(self, appointment: str) -> Consultation | None:
        wanted = select(Consultation).where(Consultation.appointment_id == appointment)
        return self.house.db.read(lambda tx: tx.scalar(wanted))

    def events_of(self, appointment: str) -> list[tuple[str, str]]:
        """(role, event) in order."""
        room = self.room_of(appointment)
        assert room is not None
        wanted = (
            select(CallEvent).where(CallEvent.consultation_id == room.id).order_by(CallEvent.created_at, CallEvent.id)
        )
        found = self.house.db.read(lambda tx: tx.scalars(wanted).all())
        return [("patient" if one.user_id == room.patient_id else "doctor", one.event_type) for one in found]

    def close(self) -> None:
        self.house.threads.shutdown()
        self.house.slow.shutdown()
        self.house.db.close()
