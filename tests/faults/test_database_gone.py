"""The database goes away and comes back: 503 that says when to come again, and nobody has to restart anything."""

import time

import httpx
import pytest

from tests.support.crowd import Crowd
from tests.support.mariadb import private_mariadb
from tests.support.processes import Missing
from tests.support.server import serving

pytestmark = pytest.mark.slow


def test_without_its_database_it_says_503_and_it_recovers_by_itself():
    try:
        with private_mariadb() as mariadb:
            gone_and_back(mariadb)
    except Missing as missing:
        pytest.skip(str(missing))


def gone_and_back(mariadb):
    with serving(SUWEN_DATABASE_URL=mariadb.url()) as server, server.house() as house:
        crowd = Crowd.gather(house, patients=1, slots=4)
        headers = {"authorization": f"Bearer {crowd.tokens[0]}"}
        with httpx.Client(base_url=server.url, headers=headers, timeout=60, verify=False) as client:
            assert client.get("/api/v1/wallet").status_code == 200
            mariadb.kill()
            for answer in (
                client.get("/api/v1/wallet"),
                client.post("/api/v1/appointments", json={"slot_id": crowd.slots[0]}),
                client.get("/wallet", headers={"cookie": f"session={crowd.tokens[0]}"}),
            ):
                assert answer.status_code == 503, answer.text
                assert int(answer.headers["retry-after"]) >= 1
            assert client.get("/api/v1/wallet").json()["code"] == "unavailable"
            assert client.get("/readyz").status_code == 503
            assert client.get("/healthz").status_code == 200
            mariadb.start()
            deadline = time.monotonic() + 60
            while client.get("/api/v1/wallet").status_code != 200:
                assert time.monotonic() < deadline, "it does not recover"
                time.sleep(0.1)
            held = client.post("/api/v1/appointments", json={"slot_id": crowd.slots[0]})
            assert held.status_code == 201
            paid = client.post(f"/api/v1/appointments/{held.json()['id']}/pay", json={"method": "balance"})
            crowd.let_leases_end()  # of what was being done when it went
            assert crowd.drained(), "the worker did not come back"
            assert crowd.faults([paid.json()["id"]]) == []
