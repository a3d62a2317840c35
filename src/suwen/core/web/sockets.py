"""WebSockets: async at the edge, each message handled by a service in a worker thread."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import msgspec
from litestar import WebSocket
from litestar.exceptions import WebSocketDisconnect, WebSocketException

from suwen.core.actor import GUEST, STAFF
from suwen.core.errors import DomainError, Forbidden, StrongSignInNeeded, Unauthorized
from suwen.core.house import House
from suwen.core.web.answers import JSON
from suwen.core.web.identity import bearer, identify, placed
from suwen.core.web.problems import as_refusal, problem
from suwen.core.web.reader import reader_of


class Connection:
    """An accepted socket and who holds it."""

    def __init__(self, socket: WebSocket[Any, Any, Any]) -> None:
        self.socket = socket
        self.house: House = socket.app.state.house
        self.me = GUEST

    async def greet(self) -> None:
        """Learn who is there. A browser sends its cookie from any site, so the origin must be ours."""
        self.me = identify(self.house, self.socket)
        if self.me is GUEST:
            raise Unauthorized()
        if self.me.role in STAFF and not self.me.strong and self.house.settings.second_factor_required:
            raise StrongSignInNeeded()
        if bearer(self.socket.scope) is None:
            headers = self.socket.headers
            if urlsplit(headers.get("origin", "")).netloc != headers.get("host"):
                raise Forbidden()
        self.me = placed(self.me, self.house, self.socket.scope)
        await self.alive()

    async def alive(self) -> None:
        """A session that has ended is turned away. A page that holds a socket open is not yet somebody who uses it."""
        self.house.sessions.refuse_ended(self.me)
        if self.house.sessions.due(self.me):
            await self.read(self.house.sessions.check)

    async def active(self) -> None:
        """As `alive`; and somebody is there: it counts as use of the session."""
        self.house.sessions.refuse_ended(self.me)
        if self.house.sessions.due(self.me):
            await self.write(self._touch)

    def _touch(self, tx: Any, me: Any, now: Any) -> None:
        self.house.sessions.check(tx, me, now)
        self.house.sessions.touch(tx, me, now)

    async def read(self, work: Callable[..., Any]) -> Any:
        """work(tx, me, now) on a connection that cannot write."""
        return await self._hop(lambda: self.house.db.read(lambda tx: work(tx, self.me, self.house.clock())))

    async def write(self, work: Callable[..., Any], *message: Any) -> Any:
        """work(tx, me, now, *message) in one transaction."""
        return await self._hop(lambda: self.house.db.write(lambda tx: work(tx, self.me, self.house.clock(), *message)))

    async def relay(self, topics: list[str], show: Callable[..., Any], messages: Any, act: Callable[..., Any]) -> None:
        """Send `show` now and whenever a topic changes; hand each message that comes in to `act`."""
        with self.house.hub.listen(*topics) as news:
            async with asyncio.TaskGroup() as both:
                sending = both.create_task(self._send(news, show))
                await self._receive(msgspec.json.Decoder(messages), act)
                sending.cancel()

    async def say(self, message: Any) -> None:
        await self.socket.send_data(JSON.encode(message).decode())

    async def refuse(self, error: Exception) -> None:
        locale = reader_of(self.socket.scope, self.me, self.house.settings.zone).locale
        await self.say({"type": "error", "problem": problem(as_refusal(error), locale)})

    async def _send(self, news: asyncio.Queue[Any], show: Callable[..., Any]) -> None:
        while True:
            await self.say(await self.read(show))  # read again each time: permission may have gone
            await news.get()

    async def _receive(self, decoder: msgspec.json.Decoder[Any], act: Callable[..., Any]) -> None:
        while True:
            try:
                message = decoder.decode(await self.socket.receive_data("text"))
                await self.active()
                await self.write(act, message)
            except WebSocketDisconnect:
                return
            except (DomainError, msgspec.DecodeError) as error:
                await self.refuse(error)

    async def _hop(self, work: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self.house.slow, work)


@asynccontextmanager
async def join(socket: WebSocket[Any, Any, Any]) -> AsyncIterator[Connection]:
    """Accept, so that a refusal can be told: an error message, then close code 4000 + status."""
    connection = Connection(socket)
    await socket.accept()
    try:
        await connection.greet()
        yield connection
    except* DomainError as group:
        refusal: BaseException = group.exceptions[0]
        while isinstance(refusal, BaseExceptionGroup):
            refusal = refusal.exceptions[0]
        if isinstance(refusal, DomainError):
            await connection.refuse(refusal)
            await socket.close(code=4000 + refusal.status)
    except* (WebSocketDisconnect, WebSocketException):
        pass
