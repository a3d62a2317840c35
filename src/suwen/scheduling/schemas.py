"""What comes in and what goes out. Moments are UTC; `zone` says in which zone the clinic's clock is meant."""

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import Meta

from suwen.accounts.schemas import Sexed
from suwen.clinics.schemas import DoctorCard
from suwen.core.schemas import Input, Version, View

VisitType = Literal["online_video", "offline"]
Status = Literal["pending", "scheduled", "confirmed", "checked_in", "completed", "cancelled", "no_show"]
Clock = Annotated[
    str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="Wall-clock time, HH:MM", examples=["09:00"])
]
LocalMoment = Annotated[
    str,
    Meta(
        pattern=r"^\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):[0-5]\d$",
        description="Wall-clock moment in `zone`, YYYY-MM-DDTHH:MM",
        examples=["2030-01-07T09:00"],
    ),
]
Uuid = Annotated[str, Meta(min_length=1, max_length=36)]
ZoneName = Annotated[str, Meta(max_length=60, description="IANA time zone", examples=["Asia/Shanghai"])]
Reason = Annotated[str, Meta(min_length=1, max_length=500)]


class HoursInput(Input):
    """Working hours. `closes` 00:00 is midnight. A place gives the zone; online hours need one."""

    first_day: Annotated[date, Meta(examples=["2030-01-07"])]
    opens: Clock
    closes: Clock
    recurrence: Annotated[str, Meta(max_length=255, examples=["WEEKLY Mon,Wed"])] | None = None
    until: date | None = None
    location_id: Uuid | None = None
    zone: ZoneName | None = None
    visit_type: VisitType | None = None
    slot_minutes: Annotated[int, Meta(ge=5, le=480)] = 30
    buffer_minutes: Annotated[int, Meta(ge=0, le=240)] = 0
    most_per_day: Annotated[int, Meta(ge=1, le=288)] | None = None


class HoursChange(HoursInput, kw_only=True):
    """The whole rule anew; `version` is the one that was read."""

    version: Version


class ExceptionInput(Input):
    """`block`: closed from..to, whatever the hours say. `add`: open in addition."""

    kind: Literal["block", "add"]
    starts: LocalMoment
    ends: LocalMoment
    zone: ZoneName | None = None
    location_id: Uuid | None = None
    visit_type: VisitType | None = None
    slot_minutes: Annotated[int, Meta(ge=5, le=480)] = 30
    buffer_minutes: Annotated[int, Meta(ge=0, le=240)] = 0
    reason: Annotated[str, Meta(max_length=255)] | None = None


class HoursView(View):
    """`meaning` is the RFC 5545 rule; `kind` is hours, block or add. `starts` and `ends` are wall-clock in `zone`.

    `place_closed`: the clinic has closed the place, so they offer no times until it opens again.
    """

    id: str
    doctor_id: str
    kind: str
    starts: str
    ends: str
    zone: str
    recurrence: str | None
    meaning: str | None
    until: date | None
    slot_minutes: int
    buffer_minutes: int
    most_per_day: int | None
    visit_type: str
    location_id: str | None
    location: str | None
    place_closed: bool
    reason: str | None
    version: int


class Brief(View):
    """A visit somebody must look at."""

    id: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    patient: str
    status: str


class HoursChanged(View):
    """What a change of hours did to the slots of the coming weeks; `orphans` are booked and need a decision."""

    id: str
    version: int
    added: int
    removed: int
    orphans: list[Brief]


class PreviewSlot(View):
    starts_at: datetime
    ends_at: datetime
    label: str
    day: date


class Preview(View):
    """The slots that hours would make, before they are saved."""

    meaning: str | None
    zone: str
    slots: list[PreviewSlot]


class FreeSlot(View):
    id: str
    starts_at: datetime
    ends_at: datetime
    visit_type: str
    location_id: str | None
    zone: str


class FreeWeek(View):
    """Monday to Monday of the zone asked for."""

    doctor_id: str
    zone: str
    starts_at: datetime
    ends_at: datetime
    slots: list[FreeSlot]


class Booking(Sexed):
    """A slot, or the doctor with day and time as the clinic's clock shows them. Without a person: the account's own.

    `gender` and `birthday` are kept with the person where they are missing there, and no matter otherwise.
    """

    slot_id: Uuid | None = None
    doctor_id: Uuid | None = None
    appointment_date: date | None = None
    time_slot: Annotated[str, Meta(max_length=20, examples=["09:00-09:30"])] | None = None
    patient_profile_id: Uuid | None = None
    visit_type: VisitType | None = None
    symptoms: Annotated[str, Meta(max_length=2000)] = ""
    has_visited_before: bool = False
    birthday: date | None = None


class Details(Sexed):
    """What may still be changed until it is paid; what is left out stays as it is. `gender` and `birthday`: as on
    booking, for another person."""

    patient_profile_id: Uuid | None = None
    symptoms: Annotated[str, Meta(max_length=2000)] | None = None
    has_visited_before: bool | None = None
    birthday: date | None = None


class DetailsForm(Details):
    """The page's form has all of it: a browser does not send a box without a tick."""

    has_visited_before: bool = False


class Booked(View):
    """A time that is held. `amount` in minor units; pay until `held_until`."""

    id: str
    status: str
    starts_at: datetime
    ends_at: datetime
    held_until: datetime
    doctor_id: str
    patient_profile_id: str
    order_id: str
    amount: int
    currency: str
    version: int


class Moved(View):
    """Where an appointment stands after something was done to it."""

    id: str
    status: str
    version: int
    starts_at: datetime
    ends_at: datetime
    refunded: int = 0


class Payment(Input):
    """`balance` pays and confirms in one step; `desk` is a promise to pay at the clinic."""

    method: Literal["balance", "desk"]


class Cancel(Input):
    reason: Reason
    version: Version | None = None


class Reschedule(Input):
    slot_id: Uuid
    version: Version | None = None


class Note(Input):
    """'I am late', in the patient's words."""

    late_note: Annotated[str, Meta(max_length=255)]


class WalkIn(Input):
    """Somebody is standing at the desk. `starts_at` defaults to now and lies within half an hour of it; with
    `slot_id` a free slot is taken instead."""

    patient_profile_id: Uuid
    doctor_id: Uuid | None = None
    slot_id: Uuid | None = None
    location_id: Uuid | None = None
    starts_at: Annotated[datetime, Meta(tz=True)] | None = None
    minutes: Annotated[int, Meta(ge=5, le=480)] = 15
    visit_type: VisitType = "offline"
    symptoms: Annotated[str, Meta(max_length=2000)] = ""
    squeeze_in: bool = False


class AppointmentLine(View):
    """An appointment in a list: nothing clinical. `patient_id` is the account that booked and pays.

    `is_orphan`: it needs a decision, for its hours are gone or, where `doctor_away`, the doctor is suspended or gone.
    `licence_over`: by that day the doctor's licence has ended, or is not checked; it is told to staff only.
    """

    id: str
    status: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    time_slot: str
    visit_type: str
    doctor_id: str
    doctor: str
    doctor_title: str
    location_id: str | None
    location: str | None
    patient_id: str
    patient_profile_id: str
    patient: str
    held_until: datetime | None
    late_note: str | None
    checked_in_at: datetime | None
    admitted_at: datetime | None
    slot_id: str | None
    is_orphan: bool
    doctor_away: bool
    licence_over: bool
    times_moved: int
    version: int
    created_at: datetime


class AppointmentView(AppointmentLine):
    """The whole appointment; reading it is noted in the audit."""

    appointment_date: date
    symptoms: str
    has_visited_before: bool
    cancel_reason: str | None


class Offer(DoctorCard, kw_only=True):
    """A doctor in the directory. `amount` (minor units) is what the next free visit costs."""

    next_free: datetime | None
    next_free_zone: str | None
    next_free_slot_id: str | None
    visit_types: list[str]
    locations: list[str]
    amount: int | None
    currency: str | None
