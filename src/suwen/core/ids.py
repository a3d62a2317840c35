"""Ids that sort by the moment they were made (UUID version 7, RFC 9562), and random bytes without waiting for them."""

import os
import threading
import time

AT_ONCE = 320  # of 32 ids
VERSION_AND_VARIANT = 0x7 << 76 | 0x2 << 62
RANDOM_BITS = (1 << 74) - 1
LOW_BITS = (1 << 62) - 1


class _Drawn(threading.local):
    """What the kernel gave this thread and nobody has taken yet, and this thread's last id."""

    def __init__(self) -> None:
        self.left = b""
        self.moment = self.number = 0


_drawn = _Drawn()


def random_bytes(count: int) -> bytes:
    """As os.urandom, asked for many at once: each question gives up the interpreter's lock, and under load waits for
    it to come back. At most AT_ONCE. For numbers and ids; keys and secrets are asked for one by one.
    """
    if len(_drawn.left) < count:
        _drawn.left = os.urandom(AT_ONCE)
    taken, _drawn.left = _drawn.left[:count], _drawn.left[count:]
    return taken


def _forget() -> None:
    _drawn.left, _drawn.moment = b"", 0


os.register_at_fork(after_in_child=_forget)  # a child must not give out its parent's ids


def new_id() -> str:
    """36 characters; 48 bits of milliseconds, then 74 random bits.

    Those of one thread sort in the order they were asked for, also within a millisecond: what a transaction emits
    first is then delivered first. So the second of a millisecond is the first and a random step of up to 2**32.
    """
    drawn = _drawn
    moment = time.time_ns() // 1_000_000 & (1 << 48) - 1
    if moment > drawn.moment:
        number = int.from_bytes(random_bytes(10), "big") & RANDOM_BITS
    else:
        moment = drawn.moment
        number = drawn.number + 1 + int.from_bytes(random_bytes(4), "big")
        moment, number = moment + (number >> 74), number & RANDOM_BITS
    drawn.moment, drawn.number = moment, number
    value = moment << 80 | VERSION_AND_VARIANT | number >> 62 << 64 | number & LOW_BITS
    digits = f"{value:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
