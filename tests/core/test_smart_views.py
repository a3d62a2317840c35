"""The nine tables of the smart-clinic schema as views: who is a patient there, which state is which, what was paid."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from suwen.accounts.models import PatientProfile, User
from suwen.clinics.models import ClinicLocation, Doctor, Specialty
from suwen.core import migrate
from suwen.core.db import Database, new_id
from suwen.payments.models import Order, Transaction
from suwen.scheduling.models import STATUSES, Appointment, Availability, Slot
from tests.support.database import drop, own_url

NOON = datetime(2030, 1, 1, 4, tzinfo=UTC)


@dataclass
class Clinic:
    database: Database
    ids: dict[str, str]

    def rows(self, view: str, key: str = "id") -> dict[Any, Any]:
        return self.database.read(
            lambda tx: {row[key]: row for row in tx.execute(sa.text(f"SELECT * FROM smart_{view}")).mappings().all()}
        )


@pytest.fixture(scope="module")
def clinic(tmp_path_factory) -> Iterator[Clinic]:
    url = own_url("views", tmp_path_factory.mktemp("views"))
    migrate.upgrade(url)
    database = Database(url, connections=2)
    yield Clinic(database, database.write(_people))
    database.close()
    drop(url)


def _people(tx: Session) -> dict[str, str]:
    ids: dict[str, str] = {}

    def add(name: str, row: Any) -> str:
        tx.add(row)
        row.id = ids[name] = new_id()
        tx.flush()
        return str(row.id)

    def user(name: str, **more: Any) -> str:
        return add(name, User(account=name, name=name, password_hash="!", **more))

    add("acupuncture", Specialty(code="ZJ", name="Acupuncture 针灸"))
    add("shanghai", ClinicLocation(name="Shanghai", timezone="Asia/Shanghai"))
    user("root", role="admin")  # without an e-mail
    user("former", role="admin", is_deleted=True)
    li = user("li", email="li@example.org", phone="+8613800000001")
    wang = user("wang")  # neither e-mail nor phone
    user("gone", is_deleted=True)
    add("li.self", PatientProfile(user_id=li, name="李娜", first_name="娜", last_name="李", relationship="self"))
    mother = PatientProfile(user_id=li, name="张兰", first_name="兰", last_name="张", relationship="mother")
    mother.gender, mother.birthday = "female", date(1958, 4, 12)
    add("mother", mother)
    add("wang.self", PatientProfile(user_id=wang, name="Wang Wei", first_name="Wei", relationship="self"))
    add("gone.self", PatientProfile(user_id=ids["gone"], name="Gone", relationship="self"))
    zhang = user("zhang", role="doctor", first_name="Zhongjing", last_name="Zhang", email="zhang@example.org")
    doctor = Doctor(user_id=zhang, certificate_type="id", id_number="sealed", hospital="Suwen", title="Physician")
    doctor.specialty_id, doctor.introduction = ids["acupuncture"], "Cold damage"
    add("doctor", doctor)
    _hours(tx, add, ids)
    return ids


def _hours(tx: Session, add: Callable[[str, Any], str], ids: dict[str, str]) -> None:
    nine = datetime(2030, 1, 1, 9)
    for name, deleted in (("hours", False), ("given up", True)):
        hours = Availability(doctor_id=ids["doctor"], start_time=nine, end_time=nine + timedelta(hours=3))
        hours.zone, hours.recurrence, hours.is_deleted = "Asia/Shanghai", "WEEKLY Tue", deleted
        add(name, hours)
    slot = Slot(doctor_id=ids["doctor"], slot_start=NOON, slot_end=NOON + timedelta(minutes=30), zone="Asia/Shanghai")
    add("slot", slot)
    for status in STATUSES:
        visit = Appointment(patient_id=ids["li"], patient_profile_id=ids["mother"], doctor_id=ids["doctor"])
        visit.appointment_start = visit.appointment_date = NOON
        visit.appointment_end, visit.time_slot, visit.zone = NOON + timedelta(minutes=30), "12:00-12:30", slot.zone
        visit.visit_type, visit.symptoms, visit.status = "offline", "cough 😷", status
        add(status, visit)


def test_one_row_per_person_and_nobody_is_left_out_for_want_of_an_email(clinic):
    patients, ids = clinic.rows("patients"), clinic.ids
    assert set(patients) == {ids["li.self"], ids["mother"], ids["wang.self"], ids["gone.self"]}
    li, mother, wang = (patients[ids[name]] for name in ("li.self", "mother", "wang.self"))
    assert (li["uuid"], li["first_name"], li["last_name"]) == (ids["li.self"], "娜", "李")
    assert (li["email"], li["phone"]) == ("li@example.org", "+8613800000001")
    assert (mother["email"], mother["phone"], mother["gender"]) == (None, None, "female")
    assert str(mother["date_of_birth"]) == "1958-04-12"
    assert (wang["email"], wang["phone"]) == (None, None)
    assert [patients[ids[name]]["is_deleted"] for name in ("li.self", "mother", "gone.self")] == [0, 0, 1]


def test_admins_and_doctors_and_the_clinic(clinic):
    ids = clinic.ids
    admins = clinic.rows("admins", "username")
    assert set(admins) == {"root"}
    assert (admins["root"]["email"], admins["root"]["password_hash"]) == (None, "!")
    doctor = clinic.rows("doctors")[ids["doctor"]]
    assert (doctor["first_name"], doctor["last_name"], doctor["bio"]) == ("Zhongjing", "Zhang", "Cold damage")
    assert (doctor["specialty_id"], doctor["is_deleted"]) == (ids["acupuncture"], 0)
    assert clinic.rows("specialties")[ids["acupuncture"]]["name"] == "Acupuncture 针灸"
    assert clinic.rows("clinic_locations")[ids["shanghai"]]["timezone"] == "Asia/Shanghai"


def test_hours_and_slots(clinic):
    hours = clinic.rows("doctor_availabilities")
    assert [row["recurrence"] for row in hours.values()] == ["WEEKLY Tue"]
    assert str(hours[clinic.ids["hours"]]["start_time"]).startswith("2030-01-01 09:00:00")
    slot = clinic.rows("appointment_slots")[clinic.ids["slot"]]
    assert (slot["doctor_id"], slot["is_booked"]) == (clinic.ids["doctor"], 0)


@pytest.mark.parametrize(
    ("status", "there"),
    [
        ("pending", "scheduled"),
        ("scheduled", "scheduled"),
        ("confirmed", "scheduled"),
        ("checked_in", "scheduled"),
        ("completed", "completed"),
        ("cancelled", "cancelled"),
        ("no_show", "cancelled"),
    ],
)
def test_states_of_a_visit(clinic, status, there):
    visit = clinic.rows("appointments")[clinic.ids[status]]
    assert visit["status"] == there
    assert visit["patient_id"] == clinic.ids["mother"]
    assert visit["cancel_reason"] == ("no_show" if status == "no_show" else None)


def order(clinic: Clinic, status: str, method: str | None, **more: Any) -> Order:
    fields = {"amount": 12345, "order_type": "other", "expire_time": NOON, "user_id": clinic.ids["li"]}
    return Order(id=new_id(), order_no=new_id(), status=status, payment_method=method, **fields | more)


def attempt(order: Order, status: str, kind: str = "payment", **more: Any) -> Transaction:
    fields = {"id": new_id(), "transaction_no": f"TXN{new_id()}"[:50], "amount": order.amount, "currency": "CNY"}
    method = order.payment_method or "cash"
    return Transaction(**fields, order_id=order.id, payment_method=method, transaction_type=kind, status=status, **more)


@pytest.mark.parametrize(
    ("of_order", "of_attempt", "there"),
    [
        ("pending", "pending", "pending"),
        ("paid", "success", "completed"),
        ("paid", "failed", "failed"),
        ("refunded", "success", "refunded"),
        ("partial_refunded", "success", "refunded"),
        ("expired", "pending", "failed"),
        ("cancelled", "pending", "failed"),
    ],
)
def test_states_of_a_payment(clinic, of_order, of_attempt, there):
    owed = order(clinic, of_order, "wechat")
    paid, returned = attempt(owed, of_attempt), attempt(owed, "success", "refund")
    clinic.database.write(lambda tx: (tx.add(owed), tx.flush(), tx.add_all([paid, returned])))
    payments = clinic.rows("payments")
    assert payments[paid.id]["status"] == there
    assert payments[paid.id]["transaction_ref"] == paid.transaction_no
    assert returned.id not in payments, "money paid back is a state of the payment, not another payment"
    assert owed.id not in payments


def test_what_was_paid_by_whom_and_how(clinic):
    ids = clinic.ids
    methods = {"wechat": "other", "alipay": "other", "balance": "other", "bank_card": "card", "cash": "cash",
               "insurance": "insurance", "other": "other"}  # fmt: skip
    orders = {method: order(clinic, "paid", method, appointment_id=ids["confirmed"]) for method in methods}
    attempts = {
        method: attempt(owed, "success", external_transaction_id=f"ext-{method}") for method, owed in orders.items()
    }
    clinic.database.write(lambda tx: (tx.add_all(orders.values()), tx.flush(), tx.add_all(attempts.values())))
    payments = clinic.rows("payments")
    for method, there in methods.items():
        row = payments[attempts[method].id]
        assert (row["method"], row["transaction_ref"]) == (there, f"ext-{method}")
        assert (row["patient_id"], row["appointment_id"]) == (ids["mother"], ids["confirmed"])
        assert Decimal(str(row["amount"])) == Decimal("123.45")
        assert row["currency"] == "CNY"


def test_an_order_that_nobody_has_tried_to_pay_belongs_to_the_account_itself(clinic):
    owed, lapsed = order(clinic, "pending", None), order(clinic, "expired", None)
    clinic.database.write(lambda tx: tx.add_all([owed, lapsed]))
    payments = clinic.rows("payments")
    assert (payments[owed.id]["status"], payments[lapsed.id]["status"]) == ("pending", "failed")
    assert payments[owed.id]["patient_id"] == clinic.ids["li.self"]
    assert payments[owed.id]["appointment_id"] is None


@pytest.mark.parametrize("statement", ["UPDATE smart_specialties SET name = 'x'", "DELETE FROM smart_specialties"])
def test_the_views_cannot_be_written(clinic, statement):
    before = clinic.rows("specialties")
    with pytest.raises(DBAPIError):
        clinic.database.write(lambda tx: tx.execute(sa.text(statement)))
    assert clinic.rows("specialties") == before
