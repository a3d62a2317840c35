"""Fan-out: services publish from any thread, sockets listen on the loop; through Redis to other processes too."""

import asyncio
import json
import logging
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

log = logging.getLogger(__name__)
CHANNEL = "suwen:hub"
REMEMBERED = 60.0  # seconds: longer than any page takes from its answer to its socket


class Hub:
    """Topics and their listeners in this process. News may be lost: a listener reloads what it shows."""

    def __init__(self) -> None:
        self._listeners: dict[str, set[tuple[asyncio.AbstractEventLoop, asyncio.Queue[Any]]]] = defaultdict(set)
        self._remembering = threading.Lock()
        # Topic -> when it was last heard of (monotonic seconds): since `_since`, and in the while before.
        self._lately: dict[str, float] = {}
        self._before: dict[str, float] = {}
        self._since = 0.0
        self.relay: Callable[[str, Any], None] | None = None  # to the other processes

    @contextmanager
    def listen(
        self, *topics: str, room: int = 1000, into: asyncio.Queue[Any] | None = None
    ) -> Iterator[asyncio.Queue[Any]]:
        """A queue of (topic, message): a new one, or `into`, so that a listener can change what it listens to."""
        listener = (asyncio.get_running_loop(), asyncio.Queue[Any](maxsize=room) if into is None else into)
        for topic in topics:
            self._listeners[topic].add(listener)
        try:
            yield listener[1]
        finally:
            for topic in topics:
                self._listeners[topic].discard(listener)
                if not self._listeners[topic]:
                    del self._listeners[topic]

    def publish(self, topic: str, message: Any = None) -> None:
        """To every listener in every process. `message` must be JSON."""
        self.deliver(topic, message)
        if self.relay:
            self.relay(topic, message)

    def deliver(self, topic: str, message: Any = None) -> None:
        """To the listeners of this process only."""
        self._remember(topic)
        for loop, queue in tuple(self._listeners.get(topic, ())):
            try:
                loop.call_soon_threadsafe(_offer, queue, (topic, message))
            except RuntimeError:  # its loop has closed: nobody is listening any more
                continue

    def lately(self, topic: str, seconds: float) -> bool:
        """Whether there was news of it within so many seconds, of the last REMEMBERED."""
        heard = self._lately.get(topic) or self._before.get(topic)
        return heard is not None and heard >= time.monotonic() - min(seconds, REMEMBERED)

    def _remember(self, topic: str) -> None:
        now = time.monotonic()
        with self._remembering:
            if now > self._since + REMEMBERED:
                self._before, self._lately, self._since = self._lately, {}, now  # in this order: others only look
            self._lately[topic] = now


def _offer(queue: asyncio.Queue[Any], message: Any) -> None:
    if not queue.full():  # a listener that does not read loses news; it reloads when it wakes
        queue.put_nowait(message)


class RedisRelay:
    """Carries topics between processes. Redis away: each process serves its own, and says so in the log."""

    def __init__(self, url: str, heard: Callable[[str, Any], None]) -> None:
        import redis

        self._redis = redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=2, health_check_interval=15)
        self._me, self._heard, self._stop = uuid.uuid4().hex, heard, threading.Event()
        self._thread = threading.Thread(target=self._listen, name="hub relay", daemon=True)
        self._thread.start()

    def send(self, topic: str, message: Any) -> None:
        try:
            self._redis.publish(CHANNEL, json.dumps([self._me, topic, message]))
        except Exception:
            log.exception("hub relay: not sent")

    def close(self) -> None:
        self._stop.set()
        self._thread.join(3)
        self._redis.close()

    def _listen(self) -> None:
        while not self._stop.is_set():
            try:
                with self._redis.pubsub(ignore_subscribe_messages=True) as news:
                    news.subscribe(CHANNEL)
                    while not self._stop.is_set():
                        item = news.get_message(timeout=1)
                        if item:
                            self._take(item["data"])
            except Exception:
                log.exception("hub relay")
                self._stop.wait(1)

    def _take(self, data: bytes) -> None:
        sender, topic, message = json.loads(data)
        if sender != self._me:
            self._heard(topic, message)
