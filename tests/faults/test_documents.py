"""Documents of a real server: kill -9 between the signature and the document, and a MongoDB that is away."""

import threading
import time

import httpx
import pytest
from sqlalchemy import func, select

from suwen.app import DOCUMENTS
from suwen.core.outbox import OutboxMessage
from suwen.core.ports.documents import store_of, verify
from suwen.notifications.models import Notification
from tests.support.crowd import Crowd
from tests.support.mongo_stub import mongo_stub
from tests.support.prescriptions import sign_one, void_one
from tests.support.server import serving

pytestmark = pytest.mark.slow


def differences(house):
    return [one for collection in DOCUMENTS for one in verify(house.db, store_of(house.db), collection)]


def sign(crowd):
    return crowd.house.db.write(lambda tx: sign_one(tx, crowd.ids, crowd.house.clock()))


def wait_for(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)


@pytest.mark.parametrize("written", [False, True], ids=["before it is written", "written and not heard of"])
def test_killed_between_signature_and_document_it_arrives_once(database, written):
    with mongo_stub() as stub, serving(SUWEN_DOCUMENTS_URL=stub.url, **database) as server, server.house() as house:
        crowd = Crowd.gather(house, patients=1, slots=1)
        fault = stub.fail("update", hang=threading.Event(), cut=True, after=written)
        one = sign(crowd)
        assert fault.met.wait(60)
        server.kill()
        fault.hang.set()
        assert list(stub.data.get("prescriptions", ())) == ([one] if written else [])
        assert differences(house) == []  # it is on its way: its event waits
        server.start()
        crowd.let_leases_end()
        assert crowd.drained()
        assert list(stub.data["prescriptions"]) == [one]
        assert stub.data["prescriptions"][one]["signed_by"] == "张仲景"
        assert differences(house) == []


def test_killed_again_and_again_every_document_arrives_once(database):
    """Over the wire, and whenever it happens to be."""
    with mongo_stub() as stub:
        killed_again_and_again(database, {"SUWEN_DOCUMENTS_URL": stub.url})


def test_killed_again_and_again_with_the_embedded_store(database):
    killed_again_and_again(database, {})


def killed_again_and_again(database, more):
    with serving(**more, **database) as server, server.house() as house:
        crowd, standing = Crowd.gather(house, patients=1, slots=1), []
        for _ in range(2):
            before = crowd.delivered()
            *signed, void = [sign(crowd) for _ in range(20)]
            house.db.write(lambda tx, void=void: void_one(tx, void, house.clock()))
            standing += signed
            wait_for(lambda before=before: crowd.delivered() > before + 2)
            server.kill()
            server.start()
        crowd.let_leases_end()
        assert crowd.drained()
        assert differences(house) == []
        ids = [id for part in store_of(house.db).ids("prescriptions") for id in part]
        assert sorted(ids) == sorted(standing)
        assert "Traceback" not in server.log


def test_mongodb_is_away_and_care_goes_on(database):
    with mongo_stub() as stub:
        stub.stop()
        with serving(SUWEN_DOCUMENTS_URL=stub.url, **database) as server, server.house() as house:
            crowd = Crowd.gather(house, patients=1, slots=2)
            signed = [sign(crowd) for _ in range(3)]
            headers = {"authorization": f"Bearer {crowd.tokens[0]}"}
            with httpx.Client(base_url=server.url, headers=headers, timeout=30, verify=False) as client:
                held = client.post("/api/v1/appointments", json={"slot_id": crowd.slots[0]})
                assert held.status_code == 201
                paid = client.post(f"/api/v1/appointments/{held.json()['id']}/pay", json={"method": "balance"})
                assert paid.json()["status"] == "confirmed"
                assert client.get("/readyz").status_code == 200
            # both sides are told of the booking meanwhile: nothing waits but the documents
            wait_for(lambda: told(house) >= 2)
            assert len(undelivered(house)) == len(signed)
            stub.start()
            wait_for(lambda: not undelivered(house), 120)
            assert sorted(stub.data["prescriptions"]) == sorted(signed)
            assert differences(house) == []
            assert crowd.faults([held.json()["id"]]) == []
            assert "炙甘草" not in server.log


def told(house):
    return house.db.read(lambda tx: tx.scalar(select(func.count()).select_from(Notification)))


def undelivered(house):
    """Errors of documents; an event that waits for its next try has one too."""
    open_ = (OutboxMessage.done_at.is_(None), OutboxMessage.job.like("%keep_document"))
    return house.db.read(lambda tx: tx.scalars(select(OutboxMessage.error).where(*open_)).all())
