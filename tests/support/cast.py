"""The cast: everybody in the tests is one of these. They, a department, a place and their families are always there."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from argon2 import PasswordHasher
from sqlalchemy.orm import Session

from suwen.accounts.models import PatientProfile, User
from suwen.clinics.models import ClinicLocation, Department, Doctor, Specialty
from suwen.core.db import new_id
from suwen.core.sealed import blind_index, seal
from suwen.notifications.models import Contact

START = datetime(2030, 1, 1, tzinfo=UTC)  # a Tuesday; 08:00 in Shanghai
PASSWORD = "correct horse battery staple"


@dataclass(frozen=True)
class Role:
    role: str
    name: str
    phone: str
    resident_id: str = ""


CAST = {
    "li": Role("patient", "Li Na 李娜", "13800000001", "440106198503121122"),  # stands in for her mother
    "wang": Role("patient", "Wang Wei 王伟", "13800000002", "310104197211205512"),
    "eve": Role("patient", "Eve Outsider", "13800000003"),  # must see nothing
    "zhang": Role("doctor", "Zhang Zhongjing 张仲景", "13800000004", "44010619770806303X"),  # treats
    "chen": Role("doctor", "Chen Yi 陈怡", "13800000005", "110101199003071233"),  # treats nobody yet
    "zhao": Role("pharmacist", "Zhao Jun 赵军", "13800000006"),
    "admin": Role("admin", "Admin", "13800000007"),
}
MOTHER_RESIDENT_ID = "440106195804120429"


@dataclass(frozen=True)
class Ids:
    """Made once a session and the same in every test of it."""

    users: dict[str, str]
    profiles: dict[str, dict[str, str]]  # login -> "self", "mother"
    doctors: dict[str, str]
    department: str
    specialty: str
    location: str  # in Shanghai
    abroad: str  # in New York


def settle_in(tx: Session) -> Ids:
    """Write the cast, as its own sign-up would have."""
    password_hash = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    ids = Ids({}, {}, {}, *_house(tx))
    for login, person in CAST.items():
        user = User(
            id=new_id(), account=login, name=person.name, password_hash=password_hash, phone=f"+86{person.phone}",
            gender="female", email=f"{login}@example.org", role=person.role, locale="en",
            created_at=START - timedelta(days=100),
        )  # fmt: skip
        ids.users[login] = user.id
        tx.add(user)
        tx.flush()
        tx.add(Contact(user_id=user.id, name=user.name, email=user.email, phone=user.phone, locale="en"))
        if person.role == "patient":
            ids.profiles[login] = {"self": _profile(tx, user, "self", person.name, person.resident_id)}
        if person.role == "doctor":
            ids.doctors[login] = _doctor(tx, user, person, ids)
    li = tx.get_one(User, ids.users["li"])
    ids.profiles["li"]["mother"] = _profile(tx, li, "family", "Mrs. Li 李老太太", MOTHER_RESIDENT_ID)
    return ids


def _house(tx: Session) -> tuple[str, str, str, str]:
    department = Department(id=new_id(), code="ZYNK", name="Internal medicine 中医内科")
    tx.add(department)
    tx.flush()
    specialty = Specialty(id=new_id(), code="SPLEEN", name="Spleen and stomach 脾胃", department_id=department.id)
    shanghai = ClinicLocation(id=new_id(), name="Bund clinic 外滩门诊", city="Shanghai", timezone="Asia/Shanghai")
    abroad = ClinicLocation(id=new_id(), name="Canal Street", city="New York", timezone="America/New_York")
    tx.add_all([specialty, shanghai, abroad])
    tx.flush()
    return department.id, specialty.id, shanghai.id, abroad.id


def _profile(tx: Session, user: User, relationship: str, name: str, resident_id: str) -> str:
    profile = PatientProfile(
        id=new_id(), user_id=user.id, name=name, gender="female", birthday=date(1985, 3, 12), phone=user.phone,
        relationship=relationship, is_default=relationship == "self",
    )  # fmt: skip
    if resident_id:
        seal(tx, profile, "id_number", resident_id)
        profile.id_number_index = blind_index(tx, resident_id)
    tx.add(profile)
    tx.flush()
    return profile.id


def _doctor(tx: Session, user: User, person: Role, ids: Ids) -> str:
    doctor = Doctor(
        id=new_id(), user_id=user.id, certificate_type="id_card", hospital="Suwen Clinic", title="Chief physician",
        department="Internal medicine 中医内科", department_id=ids.department, specialty_id=ids.specialty,
        introduction="Cold damage and miscellaneous diseases.", verification_status="approved", verified_at=START,
        license_number=f"1104{person.phone}", license_authority="Shanghai Health Commission", languages=["zh", "en"],
        years_of_practice=20,
    )  # fmt: skip
    seal(tx, doctor, "id_number", person.resident_id)
    doctor.id_number_index = blind_index(tx, person.resident_id)
    tx.add(doctor)
    tx.flush()
    return doctor.id
