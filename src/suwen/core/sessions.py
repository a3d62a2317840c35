"""Is this session still alive? Asked on the event loop without a database, and surely in each write.

A token says who it is and is trusted for CHECK_AGAIN seconds in this process; then the session's row is read
again, and marked as active. A session that ends here is known here at once, elsewhere through the hub.
"""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.errors import Unauthorized

CHECK_AGAIN = 30.0
ENDED = "session-ended:"  # topic prefix


class SessionEnded(Unauthorized):
    code, title = "session_ended", "Your session has ended. Please sign in again."


class SessionWatch:
    """`alive(tx, actor, now)` reads the session's row; `touch` marks it as active; `renew` does both at once."""

    def __init__(
        self, alive: Callable[[Session, Actor, datetime], bool], touch: Callable[..., Any], renew: Callable[..., bool]
    ) -> None:
        self._alive, self._touch, self._renew = alive, touch, renew
        self._checked: dict[str, float] = {}
        self._ended: set[str] = set()

    def refuse_ended(self, actor: Actor) -> None:
        if actor.session_id in self._ended:
            raise SessionEnded()

    def due(self, actor: Actor) -> bool:
        """Whether the row must be read before this session is believed."""
        return self._checked.get(actor.session_id, 0) < time.monotonic() - CHECK_AGAIN

    def check(self, tx: Session, actor: Actor, now: datetime) -> None:
        if not self._alive(tx, actor, now):
            raise SessionEnded()

    def touch(self, tx: Session, actor: Actor, now: datetime) -> None:
        self._touch(tx, actor, now)
        self._note(actor)

    def enter(self, tx: Session, actor: Actor, now: datetime) -> None:
        """In a write: SessionEnded unless it is alive; marked as active from time to time."""
        if not self.due(actor):
            return self.check(tx, actor, now)
        if not self._renew(tx, actor, now):
            raise SessionEnded()
        self._note(actor)

    def _note(self, actor: Actor) -> None:
        if len(self._checked) > 50_000:
            self._checked.clear()
        self._checked[actor.session_id] = time.monotonic()

    def hear(self, topic: str) -> None:
        """Listener of the database's and the hub's topics: `session-ended:<id>`."""
        if topic.startswith(ENDED):
            ended = topic.removeprefix(ENDED)
            self._checked.pop(ended, None)
            if len(self._ended) > 100_000:
                self._ended.clear()
                self._checked.clear()
            self._ended.add(ended)
