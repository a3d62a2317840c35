"""What everybody may see of a doctor: nothing private, however it is asked for."""

import msgspec
import pytest

from suwen.clinics import queries, rules, service
from suwen.clinics.models import Doctor
from suwen.clinics.schemas import DoctorCard
from suwen.core.errors import NotFound

PRIVATE = {
    "user_id", "account", "email", "phone", "id_number", "id_number_index", "certificate_type", "license_number",
    "license_authority", "license_valid_until", "license_photo", "rejection_reason", "verified_by", "password_hash",
    "birthday", "photos",
}  # fmt: skip


@pytest.fixture
def full(house, ids):
    """Zhang, with every private column filled with a word one can look for."""

    def fill(tx):
        row = tx.get_one(Doctor, ids.doctors["zhang"])
        row.license_number, row.license_authority, row.rejection_reason = "SECRET-1", "SECRET-2", "SECRET-3"
        row.photos = {"avatar": "https://p.example/a.jpg", "license_photo": "https://p.example/SECRET-4.jpg",
                      "id_card_front": "https://p.example/SECRET-5.jpg"}  # fmt: skip

    house.db.write(fill)
    return ids.doctors["zhang"]


def test_the_card_has_no_private_field(house, full):
    assert PRIVATE.isdisjoint(field.name for field in msgspec.structs.fields(DoctorCard))
    card = house.db.read(lambda tx: service.listed_doctor(tx, full, house.clock()))
    text = msgspec.json.encode(card).decode()
    assert "SECRET" not in text
    assert "zhang@example.org" not in text
    assert "13800000004" not in text
    assert card.photo == "https://p.example/a.jpg"


def test_the_columns_of_the_public_card_are_all_public():
    names = {column.name for column in queries.CARD}
    assert names & (PRIVATE - {"photos"}) == set()


def test_public_pages_and_answers_hold_no_secret_of_a_doctor(people, full, house, app):
    """Every address that a guest may open without a parameter, or with a doctor's id."""
    asked = 0
    for route in app.routes:
        path = getattr(route, "path_format", "")
        if (
            "GET" not in getattr(route, "methods", ())
            or path.count("{") > 1
            or path.startswith(("/static", "/metrics"))
        ):
            continue
        address = path.replace("{id}", full).replace("{doctor_id}", full)
        if "{" in address:
            continue
        answer = people["guest"].page(address)
        asked += 1
        assert "SECRET" not in answer.text, address
        assert "13800000004" not in answer.text, address
    assert asked > 10


def test_who_is_not_listed_is_not_there(house, ids):
    from suwen.accounts.models import User

    changes = [
        (Doctor, ids.doctors["zhang"], {"verification_status": "pending"}),
        (Doctor, ids.doctors["zhang"], {"verification_status": "rejected"}),
        (Doctor, ids.doctors["zhang"], {"is_deleted": True}),
        (Doctor, ids.doctors["zhang"], {"license_valid_until": __import__("datetime").date(2029, 12, 31)}),
        (User, ids.users["zhang"], {"status": "suspended"}),
        (User, ids.users["zhang"], {"is_deleted": True}),
    ]
    for model, id, values in changes:

        def look(tx, model=model, id=id, values=values):
            for name, value in values.items():
                setattr(tx.get_one(model, id), name, value)
            tx.flush()
            with pytest.raises(NotFound):
                service.listed_doctor(tx, ids.doctors["zhang"], house.clock())
            tx.rollback()

        house.db.write(look)


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("110101199003078515", "110***********8515"),
        ("12345678", "*******8"),
        ("123456789", "123**6789"),
        ("", None),
        (None, None),
    ],
)
def test_of_a_number_only_its_ends_are_shown(number, shown):
    assert rules.masked(number) == shown


def test_a_rating_is_kept_and_told(house, ids):
    heard = []
    house.db.listeners.append(heard.append)
    house.db.write(lambda tx: service.record_rating(tx, ids.doctors["zhang"], reviews=3, rating=467, attitude=500))
    card = house.db.read(lambda tx: service.listed_doctor(tx, ids.doctors["zhang"], house.clock()))
    assert (card.reviews, card.rating, card.attitude, card.efficiency) == (3, 4.7, 5.0, 0.0)
    assert {"directory", f"doctor:{ids.doctors['zhang']}"} <= set(heard)
