"""What another transaction writes in the middle of work on many rows: rotation of keys, a look at the chain.

On SQLite a writer waits for its turn and a reader has its snapshot; on MariaDB each statement sees what is newest.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from suwen.accounts.models import PatientProfile
from suwen.core import audit
from suwen.core.crypto import FieldKeys
from suwen.core.sealed import rotate, seal, unseal
from suwen.settings import new_field_key
from tests.core.test_safekeeping import look, sealed


@contextmanager
def after_first_read(engine: sa.Engine, table: str, act: Callable[[], None]) -> Iterator[None]:
    """Do `act` once, right after the first SELECT from `table`."""
    done = threading.Event()

    def executed(_connection, _cursor, statement, *_rest):
        if f"FROM {table}" in statement and not done.is_set():
            done.set()
            act()

    sa.event.listen(engine, "after_cursor_execute", executed)
    try:
        yield
    finally:
        sa.event.remove(engine, "after_cursor_execute", executed)
    assert done.is_set()


def test_rotating_keys_does_not_undo_what_a_patient_writes_meanwhile(house, settings, ids):
    mother = ids.profiles["li"]["mother"]

    def say(words):
        house.db.write(lambda tx: seal(tx, tx.get_one(PatientProfile, mother), "allergies", words))

    say("none known")
    patient = threading.Thread(target=say, args=("penicillin",))

    def begin():
        patient.start()
        patient.join(2)  # it may have to wait until the rotation is over

    newer = FieldKeys(f"{new_field_key()},{settings.field_keys}")

    def turn(tx):
        tx.info["keys"] = newer
        return rotate(tx, PatientProfile, "allergies")

    with after_first_read(house.db.engine, "patient_profiles", begin):
        assert house.db.write(turn) == 1
    patient.join()

    def read(tx):
        tx.info["keys"] = newer
        return unseal(tx, tx.get_one(PatientProfile, mother), "allergies")

    assert house.db.read(read) == "penicillin"


def test_the_chain_is_whole_while_the_sealer_goes_on(house, clock):
    look(house, clock, 3)
    assert sealed(house, clock) == 3
    look(house, clock, 2)

    with after_first_read(house.db.read_engine, "audit_seals", lambda: sealed(house, clock)):
        assert house.db.read(audit.verify) is None
    newest = sa.select(sa.func.max(audit.AuditSeal.number))
    assert house.db.read(lambda tx: tx.scalar(newest)) == 2
    assert house.db.read(audit.verify) is None
