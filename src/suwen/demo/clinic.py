"""The demonstration clinic itself: places, departments, prices, staff with hours, patients with families."""

import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal

from sqlalchemy.orm import Session

from suwen.accounts import service as accounts
from suwen.accounts.models import User
from suwen.accounts.schemas import PersonInput
from suwen.clinics.models import Department, Specialty
from suwen.clinics.schemas import DoctorEntry, LocationEntry
from suwen.clinics.service import doctors as files
from suwen.clinics.service import places, verification
from suwen.core.actor import Actor
from suwen.core.db import new_id
from suwen.core.house import House
from suwen.demo import cast
from suwen.payments import service as payments
from suwen.payments.schemas import PriceInput
from suwen.reviews.models import ReviewTag
from suwen.scheduling.schemas import HoursInput
from suwen.scheduling.service import availability

Sex = Literal["female", "male"]
SEXES: tuple[Sex, Sex] = ("female", "male")
ALLERGIES = ("青霉素过敏", "花生过敏", "Penicillin", None, None, None)
HISTORIES = ("高血压五年，规律服药", "慢性胃炎", "Asthma as a child", None, None)


@dataclass
class Clinic:
    """Who is there, by what the rest of the demonstration needs to know of them."""

    admin: Actor
    pharmacist: Actor
    doctors: list[Actor] = field(default_factory=list)
    patients: list[Actor] = field(default_factory=list)
    families: dict[str, list[str]] = field(default_factory=dict)  # account id -> profile ids, the own one first


def build(house: House, tx: Session, opened: datetime, dice: random.Random) -> Clinic:
    """Everything as it was on the day the clinic opened, made through the services."""
    secret = accounts.hashed(cast.PASSWORD)  # one hash for all: hashing seventy would take the whole ten seconds
    admin = _account(tx, "admin", *cast.ADMIN, secret, opened)
    clinic = Clinic(admin, _account(tx, "pharmacist", *cast.PHARMACIST, secret, opened))
    locations = {
        place.key: places.open_location(
            tx, admin, LocationEntry(name=place.name, timezone=place.zone, city=place.city, address=place.address,
                                     phone=place.phone),
        ).id
        for place in cast.PLACES
    }  # fmt: skip
    wards = _wards(tx)
    skills = _specialties(tx, wards)
    for kind, name, price, discount in cast.PRICES:
        entry = PriceInput(service_type=kind, service_name=name, price=price, discount_price=discount)
        payments.add_price(tx, admin, entry, opened)
    for name, category in cast.TAGS:
        tx.add(ReviewTag(name=name, category=category))
    for physician in cast.DOCTORS:
        clinic.doctors.append(_doctor(tx, admin, physician, wards, skills, locations, secret, opened, dice))
    _doctor(tx, admin, cast.PENDING_DOCTOR, wards, skills, locations, secret, opened, dice, verified=False)
    for number in range(62):
        _patient(tx, clinic, number, secret, opened + timedelta(hours=dice.randint(0, 24 * 20)), dice)
    return clinic


def _wards(tx: Session) -> dict[str, str]:
    rows = {ward.code: Department(id=new_id(), code=ward.code, name=ward.name, description=ward.description,
                                  contact_person=ward.contact) for ward in cast.WARDS}  # fmt: skip
    tx.add_all(rows.values())
    tx.flush()
    return {code: row.id for code, row in rows.items()}


def _specialties(tx: Session, wards: dict[str, str]) -> dict[str, str]:
    rows = {code: Specialty(id=new_id(), code=code, name=name) for code, name in cast.SPECIALTIES}
    tx.add_all(rows.values())
    tx.flush()
    return {code: row.id for code, row in rows.items()}


def _account(tx: Session, role: str, account: str, name: str, secret: str, now: datetime) -> Actor:
    user = accounts.create_user(tx, role=role, name=name, account=account, password_hash=secret, now=now)
    return Actor(user.id, role, name=name, strong=True)


def _doctor(
    tx: Session, admin: Actor, who: cast.Physician, wards: dict[str, str], skills: dict[str, str],
    locations: dict[str, str], secret: str, opened: datetime, dice: random.Random, verified: bool = True,
) -> Actor:  # fmt: skip
    zone = next((place.zone for place in cast.PLACES for hours in who.hours if hours[0] == place.key), "Asia/Shanghai")
    locale = "zh-CN" if who.languages[0] == "zh" else "en"
    user = accounts.create_user(
        tx, role="doctor", name=who.name, account=who.account, email=f"{who.account}@clinic.example", gender=who.gender,
        password_hash=secret, locale=locale, zone=zone, now=opened,
    )  # fmt: skip
    born = date(opened.year - 26 - who.years, dice.randint(1, 12), dice.randint(1, 28))
    entry = DoctorEntry(
        certificate_type="id_card", id_number=resident_id(born, who.gender, dice), hospital="素问诊所 Suwen Clinic",
        title=who.title, department_id=wards[who.ward], specialty_id=skills[who.specialty],
        introduction=who.introduction, specialties=list(who.good_at), languages=list(who.languages),
        years_of_practice=who.years, license_number=f"11031{dice.randint(10**9, 10**10 - 1)}",
        license_authority="上海市卫生健康委员会", license_valid_until=date(opened.year + 3, 12, 31),
        consultation_fee=who.fee,
    )  # fmt: skip
    row = files.create_doctor(tx, admin, user.id, entry, opened)
    if verified:
        verification.approve(tx, admin, row.id, row.version, opened)
    me = Actor(user.id, "doctor", doctor_id=row.id, strong=True, name=who.name, locale=locale, zone=zone)
    for place, recurrence, opens, closes, minutes in who.hours:
        hours = HoursInput(
            first_day=opened.date(), opens=opens, closes=closes, recurrence=recurrence, slot_minutes=minutes,
            location_id=locations.get(place), zone=None if place else zone,
            visit_type="offline" if place else "online_video",
        )  # fmt: skip
        availability.add_hours(tx, me, row.id, hours, opened)
    return me


def _patient(tx: Session, clinic: Clinic, number: int, secret: str, joined: datetime, dice: random.Random) -> None:
    gender: Sex = dice.choice(SEXES)
    name = _name(number, dice)
    born = date(dice.randint(1945, 2004), dice.randint(1, 12), dice.randint(1, 28))
    user = accounts.create_user(
        tx, role="patient", name=name, account="patient" if number == 0 else None, phone=f"1390000{number:04d}",
        password_hash=secret, gender=gender, birthday=born, now=joined,
        locale="en" if name.isascii() else "zh-CN", zone=dice.choice(("Asia/Shanghai",) * 5 + ("Europe/London",)),
    )  # fmt: skip
    me = Actor(user.id, "patient", name=name, locale=user.locale, zone=user.zone)
    clinic.patients.append(me)
    _complete_self(tx, me, user, born, gender, dice)
    for relation in _relations(number, dice):
        child = relation == "child"
        birth = date(dice.randint(2014, 2023) if child else dice.randint(1940, 1962), dice.randint(1, 12), 9)
        kin: Sex = "female" if number == 0 else dice.choice(SEXES)  # the visitor's patient waits with her mother
        accounts.add_person(
            tx, me,
            PersonInput(name=_kin_name(name, child, kin, dice), relationship="family", gender=kin, birthday=birth,
                        id_number=resident_id(birth, kin, dice), allergies=dice.choice(ALLERGIES),
                        medical_history=None if child else dice.choice(HISTORIES)),
            joined,
        )  # fmt: skip
    clinic.families[me.id] = [profile.id for profile in accounts.profiles(tx, me)]


def _complete_self(tx: Session, me: Actor, user: User, born: date, gender: Sex, dice: random.Random) -> None:
    own = accounts.profiles(tx, me)[0]
    accounts.change_person(
        tx, me, own.id,
        PersonInput(name=user.name, relationship="self", gender=gender,
                    birthday=born, id_number=resident_id(born, gender, dice), allergies=dice.choice(ALLERGIES),
                    medical_history=dice.choice(HISTORIES), is_default=True, version=own.version),
        user.created_at,
    )  # fmt: skip


def _relations(number: int, dice: random.Random) -> list[str]:
    if number == 0:
        return ["parent", "child"]
    return dice.choice(([], [], ["parent"], ["child"], ["parent", "child"]))


def _name(number: int, dice: random.Random) -> str:
    if number == 0:
        return "苏晓梅"
    if number % 5 == 4 and number // 5 < len(cast.ENGLISH):
        return cast.ENGLISH[number // 5]
    return dice.choice(cast.SURNAMES) + dice.choice(cast.GIVEN)


def _kin_name(name: str, child: bool, gender: Sex, dice: random.Random) -> str:
    female = gender == "female"
    if name.isascii():
        return f"{dice.choice(('Lucy', 'Grace') if female else ('Ben', 'Henry'))} {name.split()[-1]}"
    if child:
        return name[0] + dice.choice(("一诺", "子涵", "悦", "安"))
    return name[0] + dice.choice(("桂兰", "素珍") if female else ("国华", "建国"))


def resident_id(born: date, gender: str, dice: random.Random) -> str:
    """An invented number with a right check digit."""
    order = dice.randrange(0, 500) * 2 + (1 if gender == "male" else 0)
    body = f"310101{born:%Y%m%d}{order:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True)) % 11]
