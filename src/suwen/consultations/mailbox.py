"""Group commit: signals of all rooms are collected for some milliseconds and written in one transaction.

What cannot be written together is written room by room, so that nobody's frame can cost another room its line.
A signal is answered `sent` only after its commit. One thread of its own writes, so that slow requests hold up no call.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from weakref import WeakKeyDictionary

from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from suwen.consultations.service import signalling
from suwen.consultations.service.signalling import Letter, Stored
from suwen.core.errors import CommitUnknown
from suwen.core.house import House
from suwen.core.hub import Hub

TICK = 0.01
LARGEST_BATCH = 500
MOST_WAITING = 20_000
AWAY = (OperationalError, InterfaceError, NoConnection, CommitUnknown)  # no single letter is to blame for these
log = logging.getLogger(__name__)

Answer = Callable[
    [int | None], None
]  # a number: stored; 0: the call is not on; None: not stored, the line must be dropped

Posted = tuple[Letter, Answer]


class Mailbox:
    """Belongs to one event loop. `post` never waits; `answer` is called on the loop once the letter's fate is known."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._waiting: list[Posted] = []
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="signals")
        self._task: asyncio.Task[None] | None = None

    def post(self, letter: Letter, answer: Answer) -> None:
        if len(self._waiting) >= MOST_WAITING:  # the database has been away for long: the page keeps it and comes again
            answer(None)
            return
        self._waiting.append((letter, answer))
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._empty())

    async def _empty(self) -> None:
        while self._waiting:
            await asyncio.sleep(TICK)
            batch, self._waiting = self._waiting[:LARGEST_BATCH], self._waiting[LARGEST_BATCH:]
            error = await self._store(batch)
            rooms = _by_room(batch) if error and not isinstance(error, AWAY) else [batch]
            if len(rooms) > 1:  # one letter is at fault: it takes nobody else's along
                for part in rooms:
                    _lose(part, await self._store(part))
            else:
                _lose(batch, error)

    async def _store(self, batch: list[Posted]) -> Exception | None:
        """Write, then answer each letter that has a number. After an error nothing is written and nobody answered."""
        letters = [letter for letter, _ in batch]
        try:
            stored = await asyncio.get_running_loop().run_in_executor(self._writer, self._write, letters)
        except Exception as error:
            log.exception("signals of %d messages were not stored", len(letters))
            return error
        for (_, answer), number in zip(batch, stored.numbers, strict=True):
            if number is not None:
                answer(number)
        return None

    def _write(self, letters: list[Letter]) -> Stored:
        """In the writer's thread: store, then tell every process."""
        house = self._house
        try:
            stored = house.db.write(lambda tx: signalling.store(tx, house.clock(), letters))
        except IntegrityError:  # sent twice without saying so: look each one up
            stored = house.db.write(lambda tx: signalling.store(tx, house.clock(), letters, all_unsure=True))
        for room, entries in stored.entries.items():
            house.hub.publish(signalling.topic(room), {"log": [entry.packed() for entry in entries]})
        return stored


def _by_room(batch: list[Posted]) -> list[list[Posted]]:
    rooms: dict[str, list[Posted]] = {}
    for posted in batch:
        rooms.setdefault(posted[0].place.consultation_id, []).append(posted)
    return list(rooms.values())


def _lose(batch: list[Posted], error: Exception | None) -> None:
    if error:
        for _, answer in batch:
            answer(None)


_MAILBOXES: WeakKeyDictionary[Hub, dict[int, Mailbox]] = WeakKeyDictionary()


def mailbox(house: House) -> Mailbox:
    """The one of this process and loop."""
    of_loops = _MAILBOXES.setdefault(house.hub, {})
    loop = id(asyncio.get_running_loop())
    if loop not in of_loops:
        of_loops[loop] = Mailbox(house)
    return of_loops[loop]
