"""What comes in over the signalling socket, and what the API takes and gives."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from suwen.core.schemas import Input, Version, View

Tab = Annotated[
    str, Meta(pattern=r"^[0-9a-zA-Z-]{8,36}\Z", description="Id of one page's connection, made by the page")
]
Words = Annotated[str, Meta(max_length=10_000)]
SDP = Annotated[str, Meta(min_length=1, max_length=60_000)]
LARGEST = 2**53  # a browser counts no further, and every database does
Count = Annotated[int, Meta(ge=0, le=LARGEST)]
Number = Annotated[int, Meta(ge=-LARGEST, le=LARGEST)]


class Message(msgspec.Struct, tag_field="t", forbid_unknown_fields=True):
    """One text frame from a browser. Who sends it is known from the session, never from the frame."""


class Description(msgspec.Struct, forbid_unknown_fields=True):
    type: Literal["offer", "answer"]
    sdp: SDP


class Candidate(msgspec.Struct, forbid_unknown_fields=True, rename="camel", omit_defaults=True):
    candidate: Annotated[str, Meta(max_length=1000)]
    sdp_mid: Annotated[str, Meta(max_length=64)] | None = None
    sdp_m_line_index: Annotated[int, Meta(ge=0, le=255)] | None = None
    username_fragment: Annotated[str, Meta(max_length=256)] | None = None


class Hello(Message, tag="hello"):
    """The first frame: the page's tab, the newest log number it has, a one-time ticket."""

    tab: Tab
    ticket: Annotated[str, Meta(min_length=16, max_length=100)]
    since: Count = 0


class SignalSent(Message, tag="signal"):
    """A description or a candidate for the other side's tab. `re`: perhaps sent before, on a line that broke.

    The id is part of a unique key, where MariaDB does not tell "k" from "k ".
    """

    id: Annotated[str, Meta(pattern=r"^[0-9a-zA-Z-]{1,40}\Z")]
    to_tab: Tab
    desc: Description | None = None
    cand: Candidate | None = None
    re: bool = False


class EventSent(Message, tag="event"):
    name: Literal[
        "camera_on", "camera_off", "mic_on", "mic_off", "screen_share_start", "screen_share_end", "network_poor",
        "network_recovered",
    ]  # fmt: skip
    data: dict[Annotated[str, Meta(max_length=40)], bool | Number | None] = {}


class Show(Message, tag="show"):
    """How this side looks now; told to the other side, not stored."""

    muted: bool
    camera: bool
    sound_only: bool = False


class Media(Message, tag="media"):
    """What the peer connection does."""

    state: Literal["connecting", "connected", "reconnecting"]


class Quality(Message, tag="quality"):
    grade: Literal["excellent", "good", "fair", "poor"]
    rtt: Annotated[int, Meta(ge=0, le=600_000)] = 0
    loss: Annotated[float, Meta(ge=0, le=1)] = 0.0


class Ping(Message, tag="ping"):
    at: Number = 0
    seq: Count = 0


class Bye(Message, tag="bye"):
    """Hanging up, as against losing the line."""


FromBrowser = Hello | SignalSent | EventSent | Show | Media | Quality | Ping | Bye


class Opening(Input):
    appointment_id: str


class NotesInput(Input):
    """The doctor's record. `version` is the one the form was filled from: a newer one in the database is a conflict."""

    version: Version
    chief_complaint: Words | None = None
    diagnosis: Words | None = None
    treatment_plan: Words | None = None
    notes: Words | None = None


class Ending(Input):
    """The last state of the notes may come with the end. Without `version` only a diagnosis is taken, if given."""

    version: Version | None = None
    chief_complaint: Words | None = None
    diagnosis: Words | None = None
    treatment_plan: Words | None = None
    notes: Words | None = None


class Lateness(Input):
    minutes: Annotated[int, Meta(ge=1, le=60, description="How many minutes late the patient will be")]


class CallRating(Input):
    """Of the call's picture and sound. The doctor is rated in the review."""

    rating: Annotated[int, Meta(ge=1, le=5)]
    feedback: Annotated[str, Meta(max_length=1000)] | None = None


class TicketView(View):
    """A one-time way into the call's socket; ends after `seconds` or with its first use."""

    ticket: str
    seconds: int


class IceServer(View):
    urls: list[str]
    username: str | None = None
    credential: str | None = None


class IceView(View):
    ice_servers: list[IceServer]
    seconds: int
    relay: bool


class SavedNotes(View):
    version: int
    saved_at: datetime


class ConsultationView(View):
    """One visit. The record's four texts are null for whom they are not meant."""

    id: str
    appointment_id: str
    doctor_id: str
    patient_id: str
    patient_profile_id: str
    room_id: str
    status: str
    phase: str
    scheduled_start_time: datetime
    patient_waiting_since: datetime | None
    actual_start_time: datetime | None
    end_time: datetime | None
    duration: int | None
    late_minutes: int | None
    chief_complaint: str | None
    diagnosis: str | None
    treatment_plan: str | None
    notes: str | None
    connection_quality: str | None
    patient_rating: int | None
    patient_feedback: str | None
    version: int


class EventView(View):
    id: str
    user_id: str
    event_type: str
    event_data: dict[str, Any] | None
    ip_address: str | None
    user_agent: str | None
    created_at: datetime


class PlaceView(View):
    """Where a waiting patient stands. `ahead` counts those who will be called before."""

    ahead: int
    inside: bool
    wait_from: int
    wait_to: int
    waiting_since: datetime | None


class QueueEntry(View):
    """One visit of the doctor's day. `symptoms` only of who is inside or waits; the others' stand on the visit."""

    appointment_id: str
    consultation_id: str | None
    patient_profile_id: str
    patient_name: str
    age: int | None
    gender: str | None
    visit_type: str
    symptoms: str | None
    start: datetime
    end: datetime
    zone: str
    appointment_status: str
    status: str
    phase: str
    waiting_since: datetime | None
    late_minutes: int | None
    duration: int | None


class QueueView(View):
    """The doctor's day as a queue: who is inside, who waits (first come first), who comes, who has been."""

    now: list[QueueEntry]
    waiting: list[QueueEntry]
    next: list[QueueEntry]
    done: list[QueueEntry]
