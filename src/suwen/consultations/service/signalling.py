"""The signalling log of a room: who sits in it, what was said, in one order for both sides and every process.

Every function here locks the consultation's row first, so that numbers are given in the order of commits: a reader
that has seen number n will never meet a smaller one later.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from suwen.consultations import rules
from suwen.consultations.errors import ConsultationNotFound, NotOpen, TicketRefused
from suwen.consultations.models import CallEvent, CallSeat, Consultation, Signal
from suwen.consultations.schemas import EventSent, Hello, Media, Ping, Quality, SignalSent
from suwen.core.actor import Actor
from suwen.core.db import changed, new_id, rows

ROOMS, SEATS = Consultation.__table__, CallSeat.__table__
SIGNALS, EVENTS = Signal.__table__, CallEvent.__table__
INSERT_SIGNAL, INSERT_EVENT = insert(SIGNALS), insert(EVENTS)
FORGOTTEN = rules.GRACE * 10  # a side away for longer is not offered as somebody to reconnect to

LOCK = (
    select(ROOMS.c.id, ROOMS.c.last_seq, ROOMS.c.status)
    .where(ROOMS.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(ROOMS.c.id)
    .with_for_update()
)
# updated_at stands for the record's text: a signal does not touch it
NUMBERED = (
    update(ROOMS)
    .where(ROOMS.c.id == bindparam("room"))
    .values(last_seq=bindparam("seq"), updated_at=ROOMS.c.updated_at)
)
SENT_BEFORE = select(SIGNALS.c.room_id, SIGNALS.c.from_tab, SIGNALS.c.client_id, SIGNALS.c.seq).where(
    SIGNALS.c.room_id.in_(bindparam("rooms", expanding=True)),
    SIGNALS.c.from_tab.in_(bindparam("tabs", expanding=True)),
    SIGNALS.c.client_id.in_(bindparam("ids", expanding=True)),
)
AFTER = (
    select(SIGNALS.c.seq, SIGNALS.c.from_tab, SIGNALS.c.to_tab, SIGNALS.c.signal_type, SIGNALS.c.payload)
    .where(SIGNALS.c.room_id == bindparam("room"), SIGNALS.c.seq > bindparam("seq"))
    .order_by(SIGNALS.c.seq)
)
MINE = (
    SEATS.c.consultation_id == bindparam("room"),
    SEATS.c.role == bindparam("who"),
    SEATS.c.socket == bindparam("at"),
)
HEARD = update(SEATS).where(*MINE).values(seen_at=bindparam("seen"), away_at=None)
DELIVERED = (
    update(SIGNALS)
    .where(
        SIGNALS.c.room_id == bindparam("room"),
        SIGNALS.c.to_tab == bindparam("tab"),
        SIGNALS.c.seq <= bindparam("until"),
        SIGNALS.c.delivered.is_(False),
    )
    .values(delivered=True)
)


@dataclass(frozen=True, slots=True)
class Place:
    """Whose socket this is: one side of one room."""

    consultation_id: str
    room_id: str
    doctor_id: str
    user_id: str
    other_id: str
    role: str
    tab: str = ""
    socket: str = ""
    ip: str = ""
    agent: str = ""


@dataclass(slots=True)
class Entry:
    """One line of the log, ready to travel: `wire` is the JSON text a browser is sent."""

    seq: int
    from_tab: str
    to_tab: str | None
    wire: str
    role: str = ""  # of joins and leaves: which side, over which socket
    socket: str = ""
    arrives: bool = False

    def packed(self) -> list[Any]:
        return [self.seq, self.from_tab, self.to_tab, self.wire, self.role, self.socket, self.arrives]


@dataclass(slots=True)
class Welcome:
    place: Place
    status: str
    seq: int
    peer: dict[str, Any] | None
    replay: list[Entry]
    joined: Entry


@dataclass(slots=True)
class Letter:
    """One message on its way into the database."""

    place: Place
    message: SignalSent | EventSent | Media | Quality | Ping
    at: datetime
    unsure: bool = False


@dataclass(slots=True)
class Stored:
    """What became of a batch: the number of each letter (None: it has none, 0: the call is not on), entries by room."""

    numbers: list[int | None] = field(default_factory=list)
    entries: dict[str, list[Entry]] = field(default_factory=dict)


def topic(consultation_id: str) -> str:
    return f"call:{consultation_id}"


def queue_topic(doctor_id: str) -> str:
    return f"queue:{doctor_id}"


def role_in(consultation: Consultation, me: Actor) -> str:
    """doctor or patient (the account that booked); anybody else learns nothing of the room."""
    if me.role == "doctor" and me.doctor_id == consultation.doctor_id:
        return "doctor"
    if me.role == "patient" and me.id == consultation.patient_id:
        return "patient"
    raise ConsultationNotFound()


def take_seat(
    tx: Session, me: Actor, now: datetime, consultation_id: str, doctor_user_id: str, hello: Hello, socket: str
) -> Welcome:
    """Sit down in the room with a one-time ticket. Whoever sat here before on another socket is replaced."""
    lock = select(Consultation).where(Consultation.id == consultation_id).with_for_update()
    consultation = tx.scalar(lock.execution_options(populate_existing=True))
    if consultation is None:
        raise ConsultationNotFound()
    role = role_in(consultation, me)
    if consultation.status not in rules.LIVE:
        raise NotOpen()
    _use_ticket(tx, consultation, role, hello.ticket, now)
    other_id = consultation.patient_id if role == "doctor" else doctor_user_id
    place = Place(
        consultation.id, consultation.room_id, consultation.doctor_id, me.id, other_id, role, hello.tab, socket, me.ip,
        me.agent,
    )  # fmt: skip
    seats = {
        seat.role: seat for seat in tx.scalars(select(CallSeat).where(CallSeat.consultation_id == consultation.id))
    }
    resumed = _sit(tx, seats.get(role), place, now)
    state = "resumed" if resumed else "joined"
    joined = _log(tx, place, consultation, "join", {"state": state, "role": role, "socket": socket}, now)
    consultation.interrupted_at = None
    note(tx, place, "reconnected" if resumed else "joined", {"tab": place.tab}, now)
    peer = _peer(seats.get("patient" if role == "doctor" else "doctor"), now)
    replay = [entry for entry in after(tx, place.room_id, hello.since) if entry.to_tab == hello.tab]
    changed(tx, queue_topic(consultation.doctor_id))
    return Welcome(place, consultation.status, consultation.last_seq, peer, replay, joined)


def leave_seat(tx: Session, now: datetime, place: Place, bye: bool) -> Entry | None:
    """The socket is gone: `left` after a good-bye, otherwise `away`. None when somebody else sits there by now."""
    consultation = tx.scalar(select(Consultation).where(Consultation.id == place.consultation_id).with_for_update())
    gone = {"left_at" if bye else "away_at": now, "seen_at": now}
    whose = (CallSeat.consultation_id == place.consultation_id, CallSeat.role == place.role)
    if consultation is None or not rows(
        tx, update(CallSeat).where(*whose, CallSeat.socket == place.socket).values(**gone)
    ):
        return None
    state = "left" if bye else "away"
    note(tx, place, "left" if bye else "disconnected", {"what": "socket"}, now)
    changed(tx, queue_topic(place.doctor_id))
    if consultation.status not in rules.LIVE:
        return None  # the log of a call that is over was pruned and stays so
    return _log(tx, place, consultation, "leave", {"state": state, "role": place.role, "socket": place.socket}, now)


def store(tx: Session, now: datetime, letters: Sequence[Letter], all_unsure: bool = False) -> Stored:
    """Write one batch, of any number of rooms, in one transaction: group commit.

    `all_unsure` looks up every signal, not only those marked so: for the second try after a unique key was met.
    """
    stored = Stored()
    locked = _numbered_rooms(tx, letters)
    known = _sent_before(tx, [letter for letter in letters if all_unsure or letter.unsure])
    signals: list[dict[str, Any]] = []
    for letter in letters:
        if not isinstance(letter.message, SignalSent):
            stored.numbers.append(None)
            continue
        stored.numbers.append(_number(letter, letter.message, locked, known, signals, stored.entries, now))
    if signals:
        tx.execute(INSERT_SIGNAL, signals)
        tx.execute(NUMBERED, [{"room": room, "seq": seq} for room, (seq, _) in sorted(locked.items())])
    _store_news(tx, letters)
    return stored


def after(tx: Session, room_id: str, seq: int) -> list[Entry]:
    """The log from a number on: what a socket missed."""
    return [_entry(*row) for row in tx.execute(AFTER, {"room": room_id, "seq": seq})]


def status(tx: Session, me: Actor, now: datetime, consultation_id: str) -> tuple[str, dict[str, Any] | None]:
    """The room's status, and who is on the other side."""
    consultation = tx.get(Consultation, consultation_id)
    if consultation is None:
        raise ConsultationNotFound()
    other = "patient" if role_in(consultation, me) == "doctor" else "doctor"
    seat = tx.scalar(select(CallSeat).where(CallSeat.consultation_id == consultation_id, CallSeat.role == other))
    return consultation.status, _peer(seat, now)


def note(tx: Session, place: Place, event: str, data: dict[str, Any] | None, now: datetime) -> None:
    """One of the fourteen kinds of call events, with the address and program it came from."""
    tx.execute(INSERT_EVENT, _event_row(place, event, data, now))


def _event_row(place: Place, event: str, data: dict[str, Any] | None, at: datetime) -> dict[str, Any]:
    return {"id": new_id(), "created_at": at, "consultation_id": place.consultation_id, "user_id": place.user_id,
            "event_type": event, "event_data": data or None, "ip_address": place.ip or None,
            "user_agent": place.agent or None}  # fmt: skip


def _use_ticket(tx: Session, consultation: Consultation, role: str, ticket: str, now: datetime) -> None:
    column = Consultation.doctor_token if role == "doctor" else Consultation.patient_token
    kept = consultation.doctor_token if role == "doctor" else consultation.patient_token
    if not rules.ticket_fits(kept, ticket, now):
        raise TicketRefused()
    taken = update(Consultation).where(Consultation.id == consultation.id, column == kept)
    if not rows(tx, taken.values({column: None, Consultation.updated_at: Consultation.updated_at})):
        raise TicketRefused()


def _sit(tx: Session, seat: CallSeat | None, place: Place, now: datetime) -> bool:
    """Return whether the same page came back."""
    if seat is None:
        tx.add(CallSeat(consultation_id=place.consultation_id, user_id=place.user_id, role=place.role, tab=place.tab,
                        socket=place.socket, seen_at=now, media=""))  # fmt: skip
        tx.flush()
        return False
    same = seat.tab == place.tab
    seat.tab, seat.socket, seat.seen_at, seat.away_at, seat.left_at = place.tab, place.socket, now, None, None
    if not same:
        seat.media, seat.quality = "", None
    tx.flush()
    return same


def _peer(seat: CallSeat | None, now: datetime) -> dict[str, Any] | None:
    if seat is None or seat.left_at or now - seat.seen_at > FORGOTTEN:
        return None
    return {"tab": seat.tab, "role": seat.role, "away": bool(seat.away_at)}


def _log(
    tx: Session, place: Place, consultation: Consultation, kind: str, payload: dict[str, Any], now: datetime
) -> Entry:
    """A join or a leave takes its number in the same order as the signals."""
    seq = consultation.last_seq + 1
    tx.execute(NUMBERED, {"room": consultation.id, "seq": seq})
    consultation.last_seq = seq
    row = _signal_row(place, seq, kind, payload, f"{kind}:{place.socket}", None, now)
    tx.execute(INSERT_SIGNAL, row)
    return _entry(seq, place.tab, None, kind, payload)


def _signal_row(
    place: Place, seq: int, kind: str, payload: dict[str, Any], client_id: str, to_tab: str | None, now: datetime
) -> dict[str, Any]:
    return {"id": new_id(), "created_at": now, "room_id": place.room_id, "seq": seq, "from_user_id": place.user_id,
            "to_user_id": place.other_id, "from_tab": place.tab, "to_tab": to_tab, "client_id": client_id,
            "signal_type": kind, "payload": payload, "delivered": False}  # fmt: skip


def _entry(seq: int, from_tab: str, to_tab: str | None, kind: str, payload: dict[str, Any]) -> Entry:
    if kind in ("join", "leave"):
        said = {"t": "peer", "seq": seq, "state": payload["state"], "tab": from_tab, "role": payload["role"]}
        wire = msgspec.json.encode(said).decode()
        return Entry(seq, from_tab, to_tab, wire, payload["role"], payload["socket"], kind == "join")
    part = "cand" if kind == "ice_candidate" else "desc"
    said = {"t": "signal", "seq": seq, "from_tab": from_tab, "to_tab": to_tab, part: payload}
    return Entry(seq, from_tab, to_tab, msgspec.json.encode(said).decode())


def _numbered_rooms(tx: Session, letters: Iterable[Letter]) -> dict[str, tuple[int, str]]:
    """Last number and status of each room that will get signals, locked."""
    ids = sorted({one.place.consultation_id for one in letters if isinstance(one.message, SignalSent)})
    return {row.id: (row.last_seq, row.status) for row in tx.execute(LOCK, {"ids": ids})} if ids else {}


def _sent_before(tx: Session, unsure: Sequence[Letter]) -> dict[tuple[str, str, str], int]:
    asked = [(one.place, one.message) for one in unsure if isinstance(one.message, SignalSent)]
    if not asked:
        return {}
    found = tx.execute(
        SENT_BEFORE,
        {
            "rooms": list({place.room_id for place, _ in asked}),
            "tabs": list({place.tab for place, _ in asked}),
            "ids": list({message.id for _, message in asked}),
        },
    )
    return {(row.room_id, row.from_tab, row.client_id): row.seq for row in found}


def _number(
    letter: Letter, message: SignalSent, locked: dict[str, tuple[int, str]], known: dict[tuple[str, str, str], int],
    signals: list[dict[str, Any]], entries: dict[str, list[Entry]], now: datetime,
) -> int:  # fmt: skip
    place = letter.place
    key = (place.room_id, place.tab, message.id)
    if key in known:  # it had arrived; only the answer was lost
        return known[key]
    last, room_status = locked.get(place.consultation_id, (0, ""))
    if room_status != rules.IN_PROGRESS:
        return 0
    seq = last + 1
    locked[place.consultation_id] = (seq, room_status)
    known[key] = seq
    kind = message.desc.type if message.desc else "ice_candidate"
    payload = msgspec.to_builtins(message.desc or message.cand)
    signals.append(_signal_row(place, seq, kind, payload, message.id, message.to_tab, now))
    entries.setdefault(place.consultation_id, []).append(_entry(seq, place.tab, message.to_tab, kind, payload))
    return seq


def _store_news(tx: Session, letters: Sequence[Letter]) -> None:
    """Events, pings, quality and media states: each kind in one statement."""
    events: list[dict[str, Any]] = []
    for letter in letters:
        place, message = letter.place, letter.message
        match message:
            case EventSent():
                events.append(_event_row(place, message.name, dict(message.data), letter.at))
            case Media(state=state) if state != "connecting":
                events += _media_event(tx, place, state, letter.at)
            case Quality():
                _store_quality(tx, place, message)
    if events:
        tx.execute(INSERT_EVENT, events)
    pings = [(one.place, one.message, one.at) for one in letters if isinstance(one.message, Ping)]
    if pings:
        tx.execute(HEARD, [_whose(place) | {"seen": at} for place, _, at in pings])
        tx.execute(DELIVERED, [{"room": p.room_id, "tab": p.tab, "until": m.seq} for p, m, _ in pings])


def _whose(place: Place) -> dict[str, Any]:
    return {"room": place.consultation_id, "who": place.role, "at": place.socket}


def _media_event(tx: Session, place: Place, state: str, at: datetime) -> list[dict[str, Any]]:
    """The first connection is no event of its own: `joined` says it. A loss and what follows it are."""
    before = tx.scalar(select(SEATS.c.media).where(*MINE), _whose(place))
    if before is None or before == state:
        return []
    tx.execute(update(SEATS).where(*MINE).values(media=bindparam("state")), _whose(place) | {"state": state})
    changed(tx, queue_topic(place.doctor_id))
    if state == "reconnecting":
        return [_event_row(place, "disconnected", {"what": "media"}, at)]
    return [_event_row(place, "reconnected", {"what": "media"}, at)] if before == "reconnecting" else []


def _store_quality(tx: Session, place: Place, message: Quality) -> None:
    tx.execute(update(SEATS).where(*MINE).values(quality=bindparam("grade")), _whose(place) | {"grade": message.grade})
    grades = tx.scalars(select(SEATS.c.quality).where(SEATS.c.consultation_id == place.consultation_id)).all()
    mine = (ROOMS.c.id == place.consultation_id, ROOMS.c.status == rules.IN_PROGRESS)
    tx.execute(update(ROOMS).where(*mine).values(connection_quality=rules.worse(grades), updated_at=ROOMS.c.updated_at))
