"""What happens, told to open pages at once: the unread count, and topics that changed."""

import asyncio
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from typing import Any

import msgspec
from litestar import WebSocket, websocket
from litestar.exceptions import WebSocketDisconnect
from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.errors import DomainError
from suwen.core.sessions import ENDED
from suwen.core.web.routes import SIGNED_IN
from suwen.core.web.sockets import Connection, join
from suwen.notifications import service
from suwen.notifications.schemas import Here, InboxState, Watch
from suwen.notifications.service import watching

MESSAGES = msgspec.json.Decoder(Watch | Here)


@websocket("/live/inbox", opt={"who": SIGNED_IN})
async def live_inbox(socket: WebSocket[Any, Any, Any]) -> None:
    """Tells {"type": "inbox", unread, title}, {"type": "changed", topic}; hears "watch" (topics, since) and "here"."""
    async with join(socket) as connection:
        news: asyncio.Queue[Any] = asyncio.Queue(maxsize=1000)
        hub, mine = connection.house.hub, service.topic(connection.me.id)
        with hub.listen(mine, ENDED + connection.me.session_id, into=news), ExitStack() as watched:
            async with asyncio.TaskGroup() as both:
                telling = both.create_task(_tell(connection, news, mine))
                await _listen(connection, news, watched, mine)
                telling.cancel()


async def _tell(connection: Connection, news: asyncio.Queue[Any], mine: str) -> None:
    """The count now and after each change; a title only when something new has come."""
    look = partial(_state, connection=connection)
    state = await connection.read(look)
    await connection.say({"type": "inbox", "unread": state.unread, "title": ""})
    while True:
        topic, _ = await news.get()
        if topic.startswith(ENDED):
            connection.house.sessions.refuse_ended(connection.me)
            continue
        if topic == mine:
            before, state = state, await connection.read(look)
            fresh = state.newest_id if state.newest_id != before.newest_id and state.unread > before.unread else None
            await connection.say({"type": "inbox", "unread": state.unread, "title": state.title if fresh else ""})
        await connection.say({"type": "changed", "topic": topic})


async def _listen(connection: Connection, news: asyncio.Queue[Any], watched: ExitStack, mine: str) -> None:
    while True:
        try:
            message = MESSAGES.decode(await connection.socket.receive_data("text"))
            if isinstance(message, Here):
                await connection.active()
                continue
            await connection.alive()
            topics = await connection.read(partial(_allowed, topics=message.topics))
        except WebSocketDisconnect:
            return
        except (DomainError, msgspec.DecodeError) as error:
            await connection.refuse(error)
            continue
        watched.close()
        watched.enter_context(connection.house.hub.listen(*(t for t in topics if t != mine), into=news))
        for topic in _missed(connection, topics, message.since):
            await connection.say({"type": "changed", "topic": topic})


def _missed(connection: Connection, topics: list[str], since: datetime | None) -> list[str]:
    """What has changed between the answer that drew the page and now that it listens."""
    if since is None:
        return []
    house = connection.house
    age = (house.clock() - since).total_seconds()
    return [topic for topic in topics if house.hub.lately(topic, age)]


def _state(tx: Session, me: Actor, now: datetime, *, connection: Connection) -> InboxState:
    """Asked each time, for the session may have run out."""
    connection.house.sessions.check(tx, me, now)
    return service.unread(tx, me)


def _allowed(tx: Session, me: Actor, now: datetime, *, topics: list[str]) -> list[str]:
    return watching.allowed(tx, me, topics, now)


ROUTES = [live_inbox]
