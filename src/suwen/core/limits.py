"""How often something may be tried, counted in this process.

What must hold across processes is counted in a table of its own.
"""

import threading
import time
from collections import deque

from suwen.core.errors import TooManyRequests


class Limiter:
    def __init__(self, keys: int = 50_000) -> None:
        self._hits: dict[str, deque[float]] = {}
        self._keys, self._lock = keys, threading.Lock()

    def hit(self, key: str, limit: int, seconds: float) -> None:
        """Count one try; TooManyRequests when there were `limit` within the last `seconds`."""
        now = time.monotonic()
        with self._lock:
            if len(self._hits) >= self._keys:
                self._hits = {k: hits for k, hits in self._hits.items() if hits and hits[-1] > now - 3600}
            hits = self._hits.setdefault(key, deque())
            while hits and hits[0] <= now - seconds:
                hits.popleft()
            if len(hits) >= limit:
                raise TooManyRequests(retry_after=int(hits[0] + seconds - now) + 1)
            hits.append(now)
