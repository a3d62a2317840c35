"""The signalling socket of a call: `/live/call/{appointment_id}`. See docs/developers/calls.md for the frames.

Close codes: 4000 bad hello, 4001 replaced by another page of the same person, 4003 not yours or not open,
otherwise 4000 + HTTP status of the refusal that was told just before.
"""

import asyncio
import time
from typing import Any

import msgspec
from litestar import WebSocket, websocket
from litestar.exceptions import WebSocketDisconnect
from litestar.params import FromPath
from sqlalchemy.orm import Session

from suwen.consultations.errors import SignalRefused, TooManySignals
from suwen.consultations.mailbox import mailbox
from suwen.consultations.rules import IN_PROGRESS
from suwen.consultations.schemas import Bye, EventSent, FromBrowser, Hello, Media, Ping, Quality, Show, SignalSent
from suwen.consultations.service import rooms, signalling
from suwen.consultations.service.signalling import Entry, Letter, Place, Welcome
from suwen.core.actor import Actor
from suwen.core.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from suwen.core.ids import new_id
from suwen.core.sessions import ENDED, SessionEnded
from suwen.core.web.answers import JSON
from suwen.core.web.sockets import Connection, join

BAD_HELLO, REPLACED, NOT_YOURS = 4000, 4001, 4003
HELLO_WITHIN = 10.0
LARGEST_FRAME = 64_000
BURST, PER_SECOND = 200.0, 40.0  # a call's begin is some forty frames at once; then a handful a minute
DECODER = msgspec.json.Decoder(FromBrowser)
HELLO = msgspec.json.Decoder(Hello)


class Allowance:
    """A bucket of frames that fills by the second."""

    def __init__(self) -> None:
        self._left, self._at = BURST, time.monotonic()

    def take(self) -> None:
        now = time.monotonic()
        self._left = min(BURST, self._left + (now - self._at) * PER_SECOND)
        self._at = now
        if self._left < 1:
            raise TooManySignals()
        self._left -= 1


class Line:
    """One socket in one room: what comes in goes to the mailbox, what the room's log gains goes out."""

    def __init__(self, connection: Connection, welcome: Welcome, news: asyncio.Queue[Any]) -> None:
        self.connection, self.house, self.news = connection, connection.house, news
        self.place: Place = welcome.place
        self.last, self.status = welcome.seq, welcome.status
        self.topic = signalling.topic(welcome.place.consultation_id)
        self.bye = False
        self.close_with: int | None = None
        self._allowance = Allowance()
        self._mailbox = mailbox(connection.house)

    async def greet(self, welcome: Welcome) -> None:
        replay = [msgspec.Raw(entry.wire.encode()) for entry in welcome.replay]
        await self.connection.say(
            {"t": "welcome", "seq": welcome.seq, "role": self.place.role, "polite": self.place.role == "patient",
             "status": welcome.status, "peer": welcome.peer, "replay": replay}
        )  # fmt: skip

    async def run(self) -> None:
        sending = asyncio.create_task(self._send())
        receiving = asyncio.create_task(self._receive())
        done, left = await asyncio.wait({sending, receiving}, return_when=asyncio.FIRST_COMPLETED)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        for task in done:
            task.result()  # a refusal goes on to whoever closes the socket
        if self.close_with:
            await self.connection.socket.close(code=self.close_with)

    # -- in

    async def _receive(self) -> None:
        while not self.bye and not self.close_with:
            try:
                text = await self.connection.socket.receive_data("text")
            except WebSocketDisconnect:
                return
            self._allowance.take()
            try:
                message = _read(text)
                if not isinstance(message, Ping):  # which asks for itself, and may count as use of the session
                    await self.connection.alive()
                await self._take(message)
            except (Conflict, Invalid, msgspec.DecodeError) as error:
                await self.connection.refuse(error)

    async def _take(self, message: FromBrowser) -> None:
        match message:
            case SignalSent():
                if (message.desc is None) == (message.cand is None):
                    raise SignalRefused()
                letter = Letter(self.place, message, self.house.clock(), message.re)
                self._mailbox.post(letter, lambda number: self._answered(message.id, number))
            case EventSent() | Media() | Quality():
                self._mailbox.post(Letter(self.place, message, self.house.clock()), self._failed)
                if isinstance(message, EventSent):
                    self._tell_other({"t": "event", "name": message.name, "data": message.data})
            case Show(muted=muted, camera=camera, sound_only=sound_only):
                self._tell_other({"t": "show", "muted": muted, "camera": camera, "sound_only": sound_only})
            case Ping(at=at):
                await self._ping(message, at)
            case Bye():
                self.bye = True
            case Hello():
                raise SignalRefused("The call has been joined already.")

    async def _ping(self, message: Ping, at: int) -> None:
        if self.status == IN_PROGRESS or self.place.role == "patient":
            await self.connection.active()  # talking, and waiting to be called, count as using the session
        else:
            await self.connection.alive()  # a desk may stand open with nobody before it
        self._mailbox.post(Letter(self.place, message, self.house.clock()), self._failed)
        await self._catch_up()  # news may be lost between processes; every ping mends that
        await self.connection.say({"t": "pong", "at": at, "last": self.last})

    def _answered(self, id: str, number: int | None) -> None:
        if number is None:
            self._failed(None)
        else:
            self._offer({"sent": id, "seq": number})

    def _failed(self, number: int | None) -> None:
        """The database is away. The page keeps what it said and comes again."""
        if number is None:
            self._offer({"close": 4503})

    def _tell_other(self, said: dict[str, Any]) -> None:
        self.house.hub.publish(self.topic, {"say": JSON.encode(said).decode(), "from": self.place.socket})

    def _offer(self, message: Any) -> None:
        if not self.news.full():
            self.news.put_nowait(("", message))

    # -- out

    async def _send(self) -> None:
        while not self.close_with:
            batch = [await self.news.get()]
            while not self.news.empty():
                batch.append(self.news.get_nowait())
            await self._show(batch)

    async def _show(self, batch: list[tuple[str, Any]]) -> None:
        """One batch of news: the log first, then the answers to what this side sent, then the rest."""
        sent, entries, look, queue = [], [], False, False
        for topic, message in batch:
            if topic.startswith(ENDED):
                raise SessionEnded()
            if topic != self.topic and topic != "":
                queue = True
            elif message is None:
                look = True
            elif "log" in message:
                entries += [Entry(*packed) for packed in message["log"]]
            elif "sent" in message:
                sent.append((message["sent"], message["seq"]))
            elif "say" in message and message["from"] != self.place.socket:
                await self.connection.socket.send_data(message["say"])
            elif "close" in message:
                self.close_with = message["close"]
        if entries:
            await self._show_log(entries)
        if sent:
            refused = [id for id, number in sent if number == 0]
            await self.connection.say({"t": "sent", "ids": [id for id, _ in sent], "refused": refused})
        if look:
            await self._show_status()
        if queue:
            await self.connection.say({"t": "queue"})

    async def _show_log(self, entries: list[Entry]) -> None:
        fresh = sorted((entry for entry in entries if entry.seq > self.last), key=lambda entry: entry.seq)
        numbers = range(self.last + 1, self.last + 1 + len(fresh))
        if [entry.seq for entry in fresh] != list(numbers):  # something is missing in between: read it from the log
            await self._catch_up()
        else:
            await self._pass_on(fresh)

    async def _catch_up(self) -> None:
        missed = await self.connection.read(lambda tx, me, now: signalling.after(tx, self.place.room_id, self.last))
        await self._pass_on([entry for entry in missed if entry.seq > self.last])

    async def _pass_on(self, entries: list[Entry]) -> None:
        wires = []
        for entry in entries:
            if entry.seq <= self.last:  # a ping caught up meanwhile
                continue
            self.last = entry.seq
            if entry.role == self.place.role:
                if entry.arrives and entry.socket != self.place.socket:
                    self.close_with = REPLACED
            elif entry.role or entry.to_tab == self.place.tab:
                wires.append(entry.wire)
        if wires:
            await self.connection.socket.send_data(f'{{"t":"log","items":[{",".join(wires)}]}}')

    async def _show_status(self) -> None:
        def look(tx: Session, me: Actor, now: Any) -> Any:
            return signalling.status(tx, me, now, self.place.consultation_id)

        self.status, peer = await self.connection.read(look)
        await self.connection.say({"t": "state", "status": self.status, "peer": peer})


@websocket("/live/call/{appointment_id:str}", opt={"who": ("patient", "doctor")})
async def call(socket: WebSocket[Any, Any, Any], appointment_id: FromPath[str]) -> None:
    async with join(socket) as connection:
        hello = await _hello(connection)
        if hello is None:
            await socket.close(code=BAD_HELLO)
            return
        try:
            await _attend(connection, appointment_id, hello)
        except (Forbidden, NotFound) as refusal:
            await connection.refuse(refusal)
            await socket.close(code=NOT_YOURS)


async def _attend(connection: Connection, appointment_id: str, hello: Hello) -> None:
    def who(tx: Session, me: Actor, now: Any) -> rooms.Door:
        return rooms.door(tx, me, appointment_id)

    door = await connection.read(who)
    room, queue = signalling.topic(door.consultation_id), signalling.queue_topic(door.doctor_id)
    topics = (room, queue, ENDED + connection.me.session_id)
    with connection.house.hub.listen(*topics) as news:

        def sit(tx: Session, me: Actor, now: Any) -> Welcome:
            return signalling.take_seat(tx, me, now, door.consultation_id, door.doctor_user_id, hello, new_id())

        welcome: Welcome = await connection.write(sit)
        line = Line(connection, welcome, news)
        try:
            _publish(connection, welcome.place, welcome.joined)
            await line.greet(welcome)
            await line.run()
        finally:
            await asyncio.shield(_leave(connection, line))


async def _leave(connection: Connection, line: Line) -> None:
    def leave(tx: Session, me: Actor, now: Any) -> Entry | None:
        return signalling.leave_seat(tx, now, line.place, line.bye)

    entry = await connection.write(leave)
    if entry:
        _publish(connection, line.place, entry)


def _publish(connection: Connection, place: Place, entry: Entry) -> None:
    connection.house.hub.publish(signalling.topic(place.consultation_id), {"log": [entry.packed()]})


async def _hello(connection: Connection) -> Hello | None:
    """The first frame, or None when it is no hello or does not come."""
    try:
        async with asyncio.timeout(HELLO_WITHIN):
            return HELLO.decode(_checked(await connection.socket.receive_data("text")))
    except (TimeoutError, msgspec.DecodeError, DomainError):
        return None


def _read(text: Any) -> FromBrowser:
    return DECODER.decode(_checked(text))


def _checked(text: Any) -> str:
    if not isinstance(text, str) or not text:
        raise SignalRefused()
    if len(text) > LARGEST_FRAME:
        raise SignalRefused("This message is too long for a call.")
    return text


ROUTES = [call]
