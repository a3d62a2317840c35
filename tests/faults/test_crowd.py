"""Sixty-four clients, two hundred times, two server processes."""

from collections import Counter

import pytest

from tests.support.crowd import Bookers, Crowd
from tests.support.processes import Missing
from tests.support.redis import private_redis
from tests.support.server import serving

pytestmark = pytest.mark.slow
CLIENTS, SLOTS, EACH = 64, 200, 12


def test_64_clients_on_200_slots_and_each_slot_is_had_once(database):
    try:
        with private_redis() as redis:
            crowded(redis, database)
    except Missing as missing:
        pytest.skip(str(missing))


def crowded(redis, database):
    with serving("--workers", "2", SUWEN_REDIS_URL=redis, **database) as server, server.house() as house:
        crowd = Crowd.gather(house, CLIENTS, SLOTS)
        wishes = [
            (token, [crowd.slots[(n * 3 + j) % SLOTS] for j in range(EACH)]) for n, token in enumerate(crowd.tokens)
        ]
        bookers = Bookers(server.url).begin(wishes)
        bookers.wait()
        assert Counter(bookers.answers) == {
            (201, ""): SLOTS, (409, "slot_taken"): CLIENTS * EACH - SLOTS
        }  # fmt: skip
        assert len(bookers.told) == SLOTS
        assert crowd.drained()
        assert crowd.faults(bookers.told) == []
        assert "Traceback" not in server.log
