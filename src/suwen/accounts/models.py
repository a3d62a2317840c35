"""Accounts, how they sign in, the people they care for, and who may see those people's records."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Date, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from suwen.core.columns import flag, ref, whole
from suwen.core.db import Changing, LongText, Record, Versioned, choice, exact

GENDERS = ("male", "female", "other")
ROLES = ("admin", "doctor", "patient", "pharmacist")


class User(Versioned):
    """An account: whoever signs in, pays or stands in for a child or a parent."""

    __tablename__ = "users"
    __table_args__ = (Index("idx_users_role", "role", "is_deleted"), Index("idx_users_status", "status"))

    account: Mapped[str] = mapped_column(exact(100), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    first_name: Mapped[str] = mapped_column(String(100), default="", server_default="")
    last_name: Mapped[str] = mapped_column(String(100), default="", server_default="")
    password_hash: Mapped[str] = mapped_column(String(255))
    gender: Mapped[str | None] = mapped_column(choice(*GENDERS, name="gender"))
    phone: Mapped[str | None] = mapped_column(exact(30), unique=True)
    email: Mapped[str | None] = mapped_column(exact(255), unique=True)
    birthday: Mapped[date | None] = mapped_column(Date)
    role: Mapped[str] = mapped_column(choice(*ROLES, name="role"), default="patient", server_default="patient")
    status: Mapped[str] = mapped_column(
        choice("active", "inactive", "suspended", name="status"), default="active", server_default="active"
    )
    locale: Mapped[str] = mapped_column(String(16), default="zh-CN", server_default="zh-CN")
    zone: Mapped[str] = mapped_column(String(50), default="Asia/Shanghai", server_default="Asia/Shanghai")
    failed_logins: Mapped[int] = whole()
    locked_until: Mapped[datetime | None]
    last_login_at: Mapped[datetime | None]
    password_changed_at: Mapped[datetime | None]
    is_deleted: Mapped[bool] = flag()
    deleted_at: Mapped[datetime | None]
    deleted_by: Mapped[str | None] = ref("users.id")


class SignIn(Record):
    """A session; the signed token carries its id. `expires_at` is the absolute end, idleness counts from last use;
    `confirmed_at` is when the person last proved to be there, for what binds them."""

    __tablename__ = "sessions"
    __table_args__ = (Index(None, "user_id", "revoked_at"), Index(None, "revoked_at"), Index(None, "expires_at"))

    user_id: Mapped[str] = ref("users.id")
    kind: Mapped[str] = mapped_column(choice("web", "api", name="kind"), default="web", server_default="web")
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    ip: Mapped[str | None] = mapped_column(String(45))
    user_agent: Mapped[str | None] = mapped_column(String(255))
    label: Mapped[str | None] = mapped_column(String(100))
    strong: Mapped[bool] = flag()
    confirmed_at: Mapped[datetime | None]


class ApiToken(Record):
    """A long-lived token that a person gave a name."""

    __tablename__ = "api_tokens"
    __table_args__ = (Index(None, "user_id", "revoked_at"), Index(None, "revoked_at"))

    user_id: Mapped[str] = ref("users.id")
    name: Mapped[str] = mapped_column(String(100))
    last_used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class OneTimeCode(Record):
    """A code sent to `target`. It is bound to the browser that asked for it and dies after a few wrong tries."""

    __tablename__ = "one_time_codes"
    __table_args__ = (Index(None, "target", "purpose", "created_at"), Index(None, "expires_at"))

    purpose: Mapped[str] = mapped_column(String(40))
    user_id: Mapped[str | None] = ref("users.id")
    target: Mapped[str] = mapped_column(exact(255))
    code_hash: Mapped[str] = mapped_column(String(128))
    bound_to: Mapped[str | None] = mapped_column(String(128))
    ip: Mapped[str | None] = mapped_column(String(45))
    tries: Mapped[int] = whole()
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SecondFactor(Changing):
    """A TOTP secret (sealed). `last_used_step` makes every code single use."""

    __tablename__ = "second_factors"

    user_id: Mapped[str] = ref("users.id", unique=True)
    secret: Mapped[str] = mapped_column(String(255))
    confirmed_at: Mapped[datetime | None]
    last_used_step: Mapped[int | None] = mapped_column(BigInteger)


class RecoveryCode(Record):
    __tablename__ = "recovery_codes"
    __table_args__ = (UniqueConstraint("user_id", "code_hash"),)

    user_id: Mapped[str] = ref("users.id")
    code_hash: Mapped[str] = mapped_column(exact(128))
    used_at: Mapped[datetime | None]


class PatientProfile(Versioned):
    """A person who is treated. `id_number`, `medical_history` and `allergies` are sealed.

    The same resident ID may stand in several accounts, but once in each: whoever takes a
    person off the list empties `id_number_index`.
    """

    __tablename__ = "patient_profiles"
    __table_args__ = (UniqueConstraint("user_id", "id_number_index"), Index(None, "id_number_index"))

    user_id: Mapped[str] = ref("users.id")
    name: Mapped[str] = mapped_column(String(100))
    first_name: Mapped[str] = mapped_column(String(100), default="", server_default="")
    last_name: Mapped[str] = mapped_column(String(100), default="", server_default="")
    gender: Mapped[str | None] = mapped_column(choice(*GENDERS, name="gender"))
    birthday: Mapped[date | None] = mapped_column(Date)
    phone: Mapped[str | None] = mapped_column(String(30))
    id_number: Mapped[str | None] = mapped_column(String(255))
    id_number_index: Mapped[str | None] = mapped_column(exact(64))
    relationship: Mapped[str] = mapped_column(String(50))
    medical_history: Mapped[str | None] = mapped_column(LongText)
    allergies: Mapped[str | None] = mapped_column(LongText)
    is_default: Mapped[bool] = flag()
    is_deleted: Mapped[bool] = flag()
    deleted_at: Mapped[datetime | None]


class CareRelation(Record):
    """Why a doctor or pharmacist may open a person's record, and for how long (`until` NULL: until ended)."""

    __tablename__ = "care_relations"
    __table_args__ = (
        UniqueConstraint("profile_id", "staff_user_id", "appointment_id"),
        Index(None, "staff_user_id", "until"),
    )

    profile_id: Mapped[str] = ref("patient_profiles.id")
    staff_user_id: Mapped[str] = ref("users.id")
    appointment_id: Mapped[str | None] = ref("appointments.id")
    reason: Mapped[str] = mapped_column(String(255))
    since: Mapped[datetime]
    until: Mapped[datetime | None]


class Consent(Record):
    """Agreement to one purpose, with the hash of the text that was shown."""

    __tablename__ = "consents"
    __table_args__ = (Index(None, "user_id", "purpose"),)

    user_id: Mapped[str] = ref("users.id")
    profile_id: Mapped[str | None] = ref("patient_profiles.id")
    purpose: Mapped[str] = mapped_column(String(50))
    text_version: Mapped[str] = mapped_column(String(20))
    text_hash: Mapped[str] = mapped_column(String(64))
    given_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    ip: Mapped[str | None] = mapped_column(String(45))
