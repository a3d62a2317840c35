"""The key that look-ups go by: the last of the list, which stays when the others go."""

from dataclasses import replace

import pytest
from sqlalchemy import update

from suwen import cli
from suwen.accounts.checkup import LOST, lookups
from suwen.accounts.models import PatientProfile
from suwen.app import build_house, create_app, refuse_lost_keys
from suwen.core.crypto import Unreadable
from suwen.core.sealed import blind_index, seal, unseal
from suwen.prescribing import reference
from suwen.settings import new_field_key

NUMBER = "11010519491231002X"


@pytest.fixture
def known(house, ids):
    """The id of a person whose ID number is stored."""

    def write(tx):
        person = tx.get_one(PatientProfile, ids.profiles["li"]["mother"])
        seal(tx, person, "id_number", NUMBER)
        person.id_number_index = blind_index(tx, NUMBER)
        return person.id

    return house.db.write(write)


@pytest.fixture
def rotate(settings, monkeypatch):
    """`rotate(field_keys)`: as on the command line."""

    def run(field_keys, *options):
        values = {"DATABASE_URL": settings.database_url, "SECRET": settings.secret, "FIELD_KEYS": field_keys,
                  "DATA_DIR": settings.data_dir}  # fmt: skip
        for name, value in values.items():
            monkeypatch.setenv(f"SUWEN_{name}", str(value))
        cli.main(["rotate-keys", *options])

    return run


def test_the_last_key_of_the_list_cannot_be_dropped_unnoticed(house, settings, known, rotate):
    older, newer = settings.field_keys, new_field_key()
    assert lookups(settings).state == "ok"
    rotate(f"{newer},{older}")
    assert lookups(replace(settings, field_keys=f"{newer},{older}")).state == "ok"
    for wrong in (newer, f"{newer},{older},{new_field_key()}", f"{new_field_key()}"):
        found = lookups(replace(settings, field_keys=wrong))
        assert (found.state, "SUWEN_FIELD_KEYS" in found.words) == ("bad", True)


def test_nothing_is_written_anew_with_keys_that_lost_the_last_one(house, settings, known, rotate):
    with pytest.raises(SystemExit, match="last of SUWEN_FIELD_KEYS"):
        rotate(f"{settings.field_keys},{new_field_key()}")
    assert house.db.read(lambda tx: unseal(tx, tx.get_one(PatientProfile, known), "id_number")) == NUMBER


def test_who_has_lost_it_for_good_can_still_rotate(house, settings, known, rotate):
    keys = f"{settings.field_keys},{new_field_key()}"
    rotate(f"{new_field_key()},{keys}", "--anyway")
    with pytest.raises(Unreadable):
        house.db.read(lambda tx: unseal(tx, tx.get_one(PatientProfile, known), "id_number"))


def test_where_nobody_is_stored_nothing_is_lost(house, settings):
    house.db.write(lambda tx: tx.execute(update(PatientProfile).values(id_number_index=None)))
    assert lookups(replace(settings, field_keys=new_field_key())).state == "ok"


@pytest.fixture
def _reference_of_the_tests(settings):
    """A house says which data on doses this process goes by; in production it is another."""
    yield
    reference.use(settings)


@pytest.fixture
def start(house, settings, _reference_of_the_tests):
    """`start(field_keys)`: as far as a server of a clinic and its worker go alike, over the rows of this test."""

    def run(field_keys, **more):
        given = replace(settings, field_keys=field_keys, production=True, base_url="https://clinic.example", **more)
        made = build_house(given)
        try:
            refuse_lost_keys(made)
            return made
        finally:
            made.db.close()

    return run


def test_no_server_starts_in_production_without_the_key_that_people_are_found_by(settings, known, start, rotate):
    newer = new_field_key()
    assert start(settings.field_keys)
    assert start(f"{newer},{settings.field_keys}")
    with pytest.raises(SystemExit, match=LOST):
        start(newer)
    rotate(f"{newer},{settings.field_keys}")  # all can be read with the new one; people are found by the old one
    with pytest.raises(SystemExit, match=LOST):
        start(newer)
    assert start(newer, keys_lost=True)


def test_nor_without_one_that_something_else_is_sealed_with(house, settings, start, ids):
    def write(tx):
        tx.execute(update(PatientProfile).values(id_number=None, id_number_index=None, allergies=None))
        seal(tx, tx.get_one(PatientProfile, ids.profiles["li"]["mother"]), "allergies", "penicillin")

    house.db.write(write)
    assert start(f"{new_field_key()},{settings.field_keys}")
    with pytest.raises(SystemExit, match=r"patient_profiles.allergies was sealed with is not among SUWEN_FIELD_KEYS"):
        start(new_field_key())


@pytest.mark.usefixtures("_reference_of_the_tests")
def test_server_and_worker_ask_when_they_start(settings, known, monkeypatch):
    values = {"DATABASE_URL": settings.database_url, "SECRET": settings.secret, "FIELD_KEYS": new_field_key(),
              "DATA_DIR": settings.data_dir, "PRODUCTION": "1", "BASE_URL": "https://clinic.example"}  # fmt: skip
    for name, value in values.items():
        monkeypatch.setenv(f"SUWEN_{name}", str(value))
    with pytest.raises(SystemExit, match=LOST):
        cli.main(["worker"])
    with pytest.raises(SystemExit, match=LOST):
        create_app()
