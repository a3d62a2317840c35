"""Whole answers kept as bytes, under a topic, and dropped the moment the topic changes."""

import gzip
import hashlib
import threading
import time
from dataclasses import dataclass, field

REMEMBERED = 1000  # topics: far more than are dropped while somebody reads


@dataclass(slots=True)
class Answer:
    body: bytes
    etag: str
    until: float
    media_type: str
    _packed: bytes | None = field(default=None)

    def packed(self) -> bytes:
        """Compressed once, for all who ask for it."""
        if self._packed is None:
            self._packed = gzip.compress(self.body, 6, mtime=0)
        return self._packed


class Kept:
    """Memory of one process. `seconds` bounds the harm of a drop lost in a crash; `room` the bytes of all bodies: a
    crawler that turns the pages of every doctor's weeks would fill the machine with answers nobody asks for again.

    A reader takes a ticket before it looks at the database; if the topic was dropped
    meanwhile its answer may be old, and is not kept. So it is where nobody remembers what was dropped meanwhile.
    """

    def __init__(self, seconds: float = 60, limit: int = 10_000, room: int = 16_000_000) -> None:
        self._seconds, self._limit, self._room = seconds, limit, room
        self._answers: dict[str, dict[str, Answer]] = {}
        self._size = 0
        self._drops = 0  # so many; each has its number
        # Two lists of topics, each with the number of its last drop; and the number with which each list begins.
        self._dropped: dict[str, int] = {}
        self._dropped_before: dict[str, int] = {}
        self._begins, self._begins_before = 0, 0
        self._lock = threading.Lock()

    def get(self, topic: str, key: str) -> Answer | None:
        answer = self._answers.get(topic, {}).get(key)
        return answer if answer and answer.until > time.monotonic() else None

    def ticket(self) -> int:
        return self._drops

    def put(self, topic: str, key: str, body: bytes, media_type: str, ticket: int) -> Answer:
        etag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
        answer = Answer(body, etag, time.monotonic() + self._seconds, media_type)
        with self._lock:
            if self._begins_before <= ticket and self._last_drop(topic) <= ticket:
                if len(self._answers.get(topic, ())) >= 500:  # filters and pages of one are many; the newest matter
                    self._forget(topic)
                under = self._answers.setdefault(topic, {})
                old = under.pop(key, None)
                under[key] = answer
                self._size += len(body) - (len(old.body) if old else 0)
                while self._size > self._room or len(self._answers) > self._limit:
                    self._forget(next(iter(self._answers)))  # the topic that was first asked for
        return answer

    def _forget(self, topic: str) -> None:
        self._size -= sum(len(answer.body) for answer in self._answers.pop(topic, {}).values())

    def drop(self, topic: str) -> None:
        with self._lock:
            self._drops += 1
            if len(self._dropped) >= REMEMBERED:
                self._dropped, self._dropped_before = {}, self._dropped
                self._begins, self._begins_before = self._drops, self._begins
            self._dropped[topic] = self._drops
            self._forget(topic)

    def _last_drop(self, topic: str) -> int:
        return self._dropped.get(topic) or self._dropped_before.get(topic, 0)
