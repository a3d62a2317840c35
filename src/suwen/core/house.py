"""What the composition root builds once and every edge may use."""

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from suwen.core.crypto import FieldKeys
from suwen.core.db import Database
from suwen.core.hub import Hub
from suwen.core.kept import Kept
from suwen.core.limits import Limiter
from suwen.core.press import Press
from suwen.core.threads import Threads
from suwen.core.tokens import Signer
from suwen.settings import Settings

SLOW = "slow"  # what the names of the second pool's threads begin with


@dataclass
class House:
    """`threads` serves requests; `slow` takes reports, sockets and password hashing, never inside a transaction."""

    settings: Settings
    db: Database
    signer: Signer
    keys: FieldKeys
    threads: Threads
    slow: ThreadPoolExecutor
    sessions: Any = None  # core.sessions.SessionWatch; set by the composition root
    kept: Kept = field(default_factory=Kept)
    hub: Hub = field(default_factory=Hub)
    limiter: Limiter = field(default_factory=Limiter)
    press: Press = field(default_factory=Press)
    counts: Counter[str] = field(default_factory=Counter)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    _misses: dict[tuple[str, str], asyncio.Lock] = field(default_factory=dict)

    def kept_lock(self, topic: str, key: str) -> asyncio.Lock:
        """The lock under which one of many that miss a kept answer makes it. On the event loop only."""
        if len(self._misses) > 1000:
            self._misses = {name: lock for name, lock in self._misses.items() if lock.locked()}
        return self._misses.setdefault((topic, key), asyncio.Lock())

    @property
    def production(self) -> bool:
        return self.settings.production
