"""What the composition root builds once and every edge may use."""

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
from suwen.core.tokens import Signer
from suwen.settings import Settings


@dataclass
class House:
    """`threads` serves requests; `slow` takes reports, sockets and password hashing, never inside a transaction."""

    settings: Settings
    db: Database
    signer: Signer
    keys: FieldKeys
    threads: ThreadPoolExecutor
    slow: ThreadPoolExecutor
    sessions: Any = None  # core.sessions.SessionWatch; set by the composition root
    kept: Kept = field(default_factory=Kept)
    hub: Hub = field(default_factory=Hub)
    limiter: Limiter = field(default_factory=Limiter)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    @property
    def production(self) -> bool:
        return self.settings.production
