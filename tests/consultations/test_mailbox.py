"""Group commit: what of one room cannot be stored takes nobody else's signals with it."""

import asyncio
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from suwen.consultations.mailbox import mailbox
from suwen.consultations.models import CallEvent, Consultation, Signal
from suwen.consultations.schemas import Description, EventSent, Ping, SignalSent
from suwen.consultations.service.signalling import Letter, Place
from tests.consultations.lines import SDP


def place_in(house, consultation):
    """The patient's side of a room."""
    row = house.db.read(lambda tx: tx.get_one(Consultation, consultation))
    me = row.patient_id
    return Place(row.id, row.room_id, row.doctor_id, me, me, "patient", "tab-of-somebody", "socket-of-somebody")


def signal(house, place, id):
    message = SignalSent(id=id, to_tab="tab-of-doctor", desc=Description(**SDP))
    return Letter(place, message, house.clock())


def fates(house, letters):
    """What each was answered: a number, or None for not stored; "-" if nothing was said."""
    said = ["-"] * len(letters)

    async def post():
        box = mailbox(house)
        for at, letter in enumerate(letters):
            box.post(letter, lambda number, at=at: said.__setitem__(at, number))
        await box._task

    asyncio.run(post())
    return said


def stored(house):
    rows = select(Signal.room_id, Signal.client_id).order_by(Signal.client_id)
    events = select(CallEvent.user_id)
    return house.db.read(lambda tx: ([tuple(row) for row in tx.execute(rows)], list(tx.scalars(events))))


def test_a_letter_that_cannot_be_stored_costs_its_own_room_only(people, begun, house):
    of_li = place_in(house, begun()[1])
    of_wang = place_in(house, begun(patient="wang", doctor="chen")[1])
    nobody = replace(of_wang, user_id="no such account")
    letters = [
        signal(house, of_li, "a"), Letter(nobody, EventSent(name="mic_on"), house.clock()),
        signal(house, of_wang, "b"), Letter(of_li, Ping(seq=1), house.clock()), signal(house, of_li, "c"),
    ]  # fmt: skip
    assert fates(house, letters) == [1, None, None, "-", 2]
    assert stored(house) == ([(of_li.room_id, "a"), (of_li.room_id, "c")], [])


def test_what_came_twice_unmarked_is_found_and_costs_nobody_anything(begun, house):
    of_li = place_in(house, begun()[1])
    of_wang = place_in(house, begun(patient="wang", doctor="chen")[1])
    assert fates(house, [signal(house, of_li, "a")]) == [1]
    letters = [signal(house, of_wang, "a"), signal(house, of_li, "a"), signal(house, of_li, "b")]
    assert fates(house, letters) == [1, 1, 2]


def test_a_good_batch_costs_the_same_however_many_rooms_are_in_it(begun, house, statements):
    of_li = place_in(house, begun()[1])
    of_wang = place_in(house, begun(patient="wang", doctor="chen")[1])
    id = (str(number) for number in range(9))
    one = statements(lambda: fates(house, [signal(house, of_li, next(id))]))
    two = statements(lambda: fates(house, [signal(house, of_wang, next(id)), signal(house, of_li, next(id))]))
    assert len(two) == len(one)
    assert len([said for said in one if "webrtc_signals" in said]) == 1


def test_a_database_that_is_away_is_not_asked_once_per_room(begun, house):
    of_li = place_in(house, begun()[1])
    of_wang = place_in(house, begun(patient="wang", doctor="chen")[1])
    write, asked = house.db.write, []

    def away(work):
        asked.append(work)
        raise OperationalError("INSERT", {}, ConnectionError())

    house.db.write = away
    try:
        assert fates(house, [signal(house, of_li, "a"), signal(house, of_wang, "a")]) == [None, None]
    finally:
        house.db.write = write
    assert len(asked) == 1
