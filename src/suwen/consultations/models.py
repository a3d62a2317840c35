"""Video visits: the room and the record written in it, the signals between the browsers, what happened when."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from suwen.consultations.rules import EVENTS, GRADES
from suwen.core.columns import flag, ref
from suwen.core.db import Changing, Json, LongText, Record, Versioned, choice, exact


class Consultation(Versioned):
    """The room of one appointment, and the doctor's record of it.

    The two tokens hold `expiry.hash` of the newest join ticket, never the ticket. `version` counts the record's text
    only. `last_seq` is the newest number in the room's log; `interrupted_at` since when both sides are away.
    """

    __tablename__ = "video_consultations"
    __table_args__ = (
        Index("idx_video_consultations_appointment_id", "appointment_id", unique=True),
        Index("idx_video_consultations_doctor_id", "doctor_id", "scheduled_start_time"),
        Index("idx_video_consultations_patient_id", "patient_id", "scheduled_start_time"),
        Index("idx_video_consultations_room_id", "room_id", unique=True),
        Index("idx_video_consultations_status", "status"),
        Index("idx_video_consultations_scheduled_time", "scheduled_start_time"),
        Index(None, "patient_profile_id", "scheduled_start_time"),
        CheckConstraint("patient_rating BETWEEN 1 AND 5", name="patient_rating"),
    )

    appointment_id: Mapped[str] = ref("appointments.id")
    doctor_id: Mapped[str] = ref("doctors.id")
    patient_id: Mapped[str] = ref("users.id")
    patient_profile_id: Mapped[str] = ref("patient_profiles.id")
    room_id: Mapped[str] = mapped_column(exact(100))
    status: Mapped[str] = mapped_column(
        choice("waiting", "in_progress", "completed", "cancelled", "no_show", name="status"),
        default="waiting",
        server_default="waiting",
    )
    scheduled_start_time: Mapped[datetime]
    patient_waiting_since: Mapped[datetime | None]
    admitted_at: Mapped[datetime | None]
    late_minutes: Mapped[int | None]
    actual_start_time: Mapped[datetime | None]
    end_time: Mapped[datetime | None]
    duration: Mapped[int | None]
    doctor_token: Mapped[str | None] = mapped_column(Text)
    patient_token: Mapped[str | None] = mapped_column(Text)
    ice_servers: Mapped[Any | None] = mapped_column(Json)
    chief_complaint: Mapped[str | None] = mapped_column(LongText)
    diagnosis: Mapped[str | None] = mapped_column(LongText)
    treatment_plan: Mapped[str | None] = mapped_column(LongText)
    notes: Mapped[str | None] = mapped_column(LongText)
    connection_quality: Mapped[str | None] = mapped_column(choice(*GRADES, name="connection_quality"))
    patient_rating: Mapped[int | None]
    patient_feedback: Mapped[str | None] = mapped_column(LongText)
    last_seq: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    interrupted_at: Mapped[datetime | None]
    meta: Mapped[dict[str, Any] | None] = mapped_column("metadata", Json)


class CallSeat(Changing):
    """One side of a room: which page (tab) holds it, over which socket, when it was last heard of.

    `away_at`: the socket was lost, the media may go on. `left_at`: said good-bye.
    """

    __tablename__ = "call_seats"
    __table_args__ = (UniqueConstraint("consultation_id", "role"),)

    consultation_id: Mapped[str] = ref("video_consultations.id")
    user_id: Mapped[str] = ref("users.id")
    role: Mapped[str] = mapped_column(choice("doctor", "patient", name="role"))
    tab: Mapped[str] = mapped_column(exact(36))
    socket: Mapped[str] = mapped_column(exact(36))
    seen_at: Mapped[datetime]
    away_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    media: Mapped[str] = mapped_column(String(20), default="", server_default="")
    quality: Mapped[str | None] = mapped_column(choice(*GRADES, name="quality"))


class Signal(Record):
    """A signal on its way from one browser tab to another; `seq` orders the room, `client_id` makes re-sending safe."""

    __tablename__ = "webrtc_signals"
    __table_args__ = (
        Index("idx_webrtc_signals_room_id", "room_id", "seq", unique=True),
        Index("idx_webrtc_signals_to_user", "to_user_id", "delivered"),
        Index("idx_webrtc_signals_created_at", "created_at"),
        UniqueConstraint("room_id", "from_tab", "client_id"),
    )

    room_id: Mapped[str] = mapped_column(exact(100))
    seq: Mapped[int] = mapped_column(BigInteger)
    from_user_id: Mapped[str] = ref("users.id")
    to_user_id: Mapped[str] = ref("users.id")
    from_tab: Mapped[str] = mapped_column(exact(64))
    to_tab: Mapped[str | None] = mapped_column(exact(64))
    client_id: Mapped[str] = mapped_column(exact(64))
    signal_type: Mapped[str] = mapped_column(
        choice("offer", "answer", "ice_candidate", "join", "leave", "error", name="signal_type")
    )
    payload: Mapped[Any] = mapped_column(Json)
    delivered: Mapped[bool] = flag()


class CallEvent(Record):
    __tablename__ = "video_call_events"
    __table_args__ = (
        Index("idx_video_call_events_consultation_id", "consultation_id", "created_at"),
        Index("idx_video_call_events_user_id", "user_id"),
        Index("idx_video_call_events_type", "event_type"),
        Index("idx_video_call_events_created_at", "created_at"),
    )

    consultation_id: Mapped[str] = ref("video_consultations.id")
    user_id: Mapped[str] = ref("users.id")
    event_type: Mapped[str] = mapped_column(choice(*EVENTS, name="event_type"))
    event_data: Mapped[dict[str, Any] | None] = mapped_column(Json)
    ip_address: Mapped[str | None] = mapped_column(String(45))
    user_agent: Mapped[str | None] = mapped_column(Text)
