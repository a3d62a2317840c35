"""A prescription's way against a model that knows nothing of the code: every step, in every state, in any order."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import hypothesis
import hypothesis.strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from sqlalchemy import func, select, update

from suwen.core.errors import DomainError
from suwen.prescribing import service
from suwen.prescribing.models import Dispensing, Prescription, Signature
from suwen.prescribing.rules import lifecycle
from suwen.prescribing.schemas import (
    ChangeInput,
    Checks,
    DispenseInput,
    DraftInput,
    Facts,
    Medicine,
    Regimen,
    ReviewInput,
    SignInput,
)
from tests.prescribing.conftest import CHECKS
from tests.support.cast import START

SHANGHAI = ZoneInfo("Asia/Shanghai")
CONTENT = {
    "kind": "herbal", "diagnosis": "脾虚", "medicines": [Medicine(name="陈皮", amount="6")],
    "regimen": Regimen(doses=4), "facts": Facts(allergies=[], pregnancy="no", follow_up="records seen"),
}  # fmt: skip


class Way(RuleBasedStateMachine):
    """The model: a state, how often it was given out and when, until when it holds."""

    house, people, clock, law, visit = (None,) * 5

    @initialize(law=st.sampled_from(["CN", "US"]), refills=st.integers(0, 2))
    def begin(self, law, refills):
        type(self).law(law)
        self.clock.set(START)
        self.china, self.refills = law == "CN", 0 if law == "CN" else refills
        self.state, self.given, self.last, self.until, self.extended, self.signed = "draft", 0, None, None, 0, 0
        content = DraftInput(appointment_id=self.visit, refill_allowed=self.refills, **CONTENT)
        me = self.zhang
        self.id = self.write(lambda tx: service.draft(tx, me, content, self.clock()))[1]

    @property
    def zhang(self):
        return self.people["zhang"].actor

    @property
    def zhao(self):
        return self.people["zhao"].actor

    def write(self, work):
        try:
            found = self.house.db.write(work)
            return found.status, found.id
        except DomainError as refusal:
            return refusal.code, None

    def row(self):
        return self.house.db.read(lambda tx: tx.get(Prescription, self.id))

    def over(self):
        return self.until is not None and self.clock() > self.until

    def midnight(self, moment):
        day = moment.astimezone(SHANGHAI).date()
        day = day if self.china else day.replace(year=day.year + 1)
        return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=SHANGHAI)

    def expect(self, got, allowed, state, refusals):
        if allowed:
            assert got == state, (got, self.state)
            self.state = state
        else:
            assert got in refusals, (got, self.state)
        self.check()

    def check(self):
        row = self.row()
        assert row.status == self.state
        assert row.refills_used == max(0, self.given - 1)
        assert (row.valid_until and row.valid_until.astimezone(SHANGHAI)) == self.until
        counted = self.house.db.read(
            lambda tx: tx.scalar(select(func.count()).where(Dispensing.prescription_id == self.id))
        )
        assert counted == self.given
        good = select(func.count()).where(Signature.prescription_id == self.id, Signature.invalidated_at.is_(None))
        assert self.house.db.read(lambda tx: tx.scalar(good)) == self.signed
        assert (row.signed_at is not None) == (self.signed > 0 or self.state == "returned")

    @rule(hours=st.sampled_from([0.01, 1, 7, 20, 30, 80]))
    def wait(self, hours):
        self.clock.advance(hours=hours)

    @rule()
    def change(self):
        data = ChangeInput(version=self.row().version, refill_allowed=self.refills, **CONTENT)
        me = self.zhang
        got, _ = self.write(lambda tx: service.change(tx, me, self.id, data, self.clock()))
        allowed = self.state in ("draft", "signed", "returned")
        self.signed = 0 if allowed else self.signed
        self.expect(got, allowed, "draft", {"already_signed", "already_void"})

    @rule(confirmed=st.booleans())
    def sign(self, confirmed):
        person, now = self.people["zhang"], self.clock()
        person._signed_in = None
        me = person.confirm().actor if confirmed else person.actor
        data = SignInput(version=self.row().version)
        got, _ = self.write(lambda tx: service.sign(tx, me, self.id, data, now))
        if self.state in ("draft", "returned") and not confirmed:
            assert got == "confirmation_needed"
            return
        allowed = self.state in ("draft", "returned")
        if allowed:
            self.signed = 1
            self.until = None if self.china else self.midnight(now)
        self.expect(got, allowed, "signed" if self.china else "effective", {"already_signed", "already_void"})

    @rule(accepts=st.booleans())
    def review(self, accepts):
        person, now = self.people["zhao"], self.clock()
        data = ReviewInput(
            version=self.row().version, verdict="accepted" if accepts else "returned", checks=Checks(**CHECKS),
            reason=None if accepts else "look again",
        )  # fmt: skip
        me = person.confirm().actor
        got, _ = self.write(lambda tx: service.review(tx, me, self.id, data, now))
        allowed = self.state == "signed"
        if allowed and accepts:
            self.signed, self.until = 2, self.midnight(now)
        refusals = {"not_waiting", "already_void", "no_such_prescription"}
        self.expect(got, allowed, "effective" if accepts else "returned", refusals)

    @rule()
    def dispense(self):
        now, data = self.clock(), DispenseInput(version=self.row().version)
        me = self.zhao
        got, _ = self.write(lambda tx: service.dispense(tx, me, self.id, data, now))
        open_ = self.state in ("effective", "partially_dispensed") and not self.over()
        early = self.last and now.astimezone(SHANGHAI).date() < self.last.astimezone(SHANGHAI).date() + timedelta(3)
        if open_ and early:
            assert got == "refill_too_early"
            return
        if open_:
            self.given, self.last = self.given + 1, now
        state = "dispensed" if self.given > self.refills else "partially_dispensed"
        self.expect(got, open_, state, {"not_effective", "already_dispensed", "already_void", "prescription_expired",
                                        "no_such_prescription"})  # fmt: skip

    @rule(days=st.integers(1, 4))
    def extend(self, days):
        me = self.zhang
        got, _ = self.write(lambda tx: service.extend(tx, me, self.id, days, self.clock()))
        open_ = self.state in ("effective", "partially_dispensed") and not self.over()
        allowed = open_ and self.china and self.extended + days <= 3
        if allowed:
            self.until, self.extended = self.until + timedelta(days=days), self.extended + days
        self.expect(got, allowed, self.state, {"cannot_extend", "prescription_expired", "already_dispensed",
                                               "already_void"})  # fmt: skip

    @rule()
    def expire(self):
        self.house.db.write(lambda tx: service.expire(tx, self.clock()))
        if self.state in ("effective", "partially_dispensed") and self.over():
            self.state = "expired"
        self.check()

    @precondition(lambda self: self.state != "draft")
    @rule()
    def void(self):
        me = self.zhang
        got, _ = self.write(lambda tx: service.void(tx, me, self.id, "a mistake", self.clock()))
        allowed = self.state in ("signed", "returned", "effective", "partially_dispensed")
        self.expect(got, allowed, "voided", {"already_void", "cannot_be_voided"})

    def teardown(self):
        """What was given out in one life of the person is nothing to the next."""
        nothing = update(Prescription).values(status="voided", last_day=START.date() - timedelta(9))
        self.house.db.write(lambda tx: tx.execute(nothing))


def test_every_step_in_every_state(house, people, clock, law, visit):
    machine = type("Machine", (Way,), {
        "house": house, "people": people, "clock": clock, "law": staticmethod(law), "visit": visit
    })  # fmt: skip
    few = hypothesis.settings(max_examples=30, stateful_step_count=14, deadline=None,
                              suppress_health_check=list(hypothesis.HealthCheck))  # fmt: skip
    run_state_machine_as_test(machine, settings=few)


def test_every_state_is_reached_and_none_is_left_out():
    steps = set(lifecycle.FROM) - {"extend"}
    reached = {lifecycle.after(step, reviewed=reviewed, dispensed=n, refills=1)
               for step in steps for reviewed in (True, False) for n in (1, 2)}  # fmt: skip
    assert reached == set(lifecycle.STATES)
    assert {state for states in lifecycle.FROM.values() for state in states} == set(lifecycle.STATES) - {
        "dispensed", "expired", "voided"
    }  # fmt: skip
