"""Ids: version 7, in the order of time, never twice, also in threads and in a child."""

import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from suwen.core import ids
from suwen.core.ids import AT_ONCE, new_id, random_bytes


def test_ids_are_of_version_7_and_of_this_moment() -> None:
    before = time.time_ns() // 1_000_000
    made = [new_id() for _ in range(2000)]
    after = time.time_ns() // 1_000_000
    found = [uuid.UUID(id) for id in made]
    assert [str(one) for one in found] == made
    assert {(one.version, one.variant) for one in found} == {(7, uuid.RFC_4122)}
    assert all(before <= one.int >> 80 <= after for one in found)
    fixed = 0xF << 76 | 0x3 << 62  # all bits but those of version and variant take both values
    low = (1 << 80) - 1 & ~fixed
    assert sum(one.int & low for one in found) > 0
    drawn = []
    for _ in range(60):
        drawn.append(uuid.UUID(new_id()).int)
        time.sleep(0.0011)  # the first one of each millisecond is drawn whole
    for bit in (bit for bit in range(80) if low >> bit & 1):
        assert {one >> bit & 1 for one in drawn} == {0, 1}


def test_ids_of_a_thread_sort_in_the_order_they_were_asked_for(monkeypatch) -> None:
    made = [new_id() for _ in range(5000)]
    assert sorted(set(made)) == made
    real = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: real - 3_600_000_000_000)  # somebody sets the clock back
    late = [new_id() for _ in range(50)]
    assert sorted({*made, *late}) == [*made, *late]


def test_a_millisecond_that_is_full_goes_over_into_the_next() -> None:
    new_id()
    ids._drawn.moment, ids._drawn.number = (moment := ids._drawn.moment + 1000), ids.RANDOM_BITS
    try:
        assert uuid.UUID(new_id()).int >> 80 == moment + 1
    finally:
        ids._forget()


def test_no_id_comes_twice_from_several_threads() -> None:
    with ThreadPoolExecutor(8) as pool:
        several = list(pool.map(lambda _: [new_id() for _ in range(500)], range(16)))
    assert len({id for made in several for id in made}) == 16 * 500


FORKED = """
import os
from suwen.core.ids import random_bytes
random_bytes(1)
child = os.fork()
os.write(1, random_bytes(32).hex().encode() + b" ")
if child:
    os.waitpid(child, 0)
else:
    os._exit(0)
"""


def test_a_child_gives_out_ids_of_its_own() -> None:
    told = subprocess.run([sys.executable, "-c", FORKED], capture_output=True, check=True, timeout=60).stdout
    assert len(set(told.split())) == 2


def test_random_bytes_are_as_many_as_asked_for() -> None:
    assert [len(random_bytes(count)) for count in (1, 7, AT_ONCE, 3)] == [1, 7, AT_ONCE, 3]
