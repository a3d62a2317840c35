"""Insurers: asked, granted or refused, paid in the end. On a refusal nothing has moved."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from suwen.app import SEALED
from suwen.core import sealed
from suwen.core.audit import AuditEvent
from suwen.payments import service
from suwen.payments.models import Claim, Order
from suwen.settings import new_field_key
from tests.payments.gateways.setting_up import another
from tests.scheduling.conftest import book, free, hours, open_clinic, priced, slot  # noqa: F401
from tests.support.racing import race, statuses

ENTRY = {"insurer": "中国人保 PICC", "holder": "Li Na", "policy_no": "P-0044-778899"}
RECEIVABLE, BANK = "asset:insurance_receivable", "asset:bank"


def text(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def ask(people, order, status=201):
    answer = people["admin"]("POST", f"/api/v1/orders/{order.id}/claims", json=ENTRY)
    assert answer.status_code == status, answer.text
    return answer.json()


def act(people, claim, verb, login="admin", **body):
    return people[login]("POST", f"/api/v1/claims/{claim['id']}/{verb}", json=body)


@pytest.fixture
def look(house, desk):
    def found(order):
        def read(tx):
            row = tx.get(Order, order.id)
            claims = tx.scalars(select(Claim).where(Claim.order_id == order.id).order_by(Claim.id)).all()
            return (row.status, row.version, row.expire_time), [(one.status, one.version) for one in claims]

        return house.db.read(read), desk.postings()

    return found


def test_granted_and_paid(desk, people, house, clock, settle):
    order = desk.order("li", 8000)
    claim = ask(people, order)
    assert (claim["status"], claim["amount"], claim["policy"]) == ("submitted", 8000, "…8899")
    stored = house.db.read(lambda tx: tx.get(Claim, claim["id"]).policy_no)
    assert "778899" not in stored
    assert "is being asked to pay this" in text(people["li"].page(f"/orders/{order.id}"))
    clock.advance(days=30)
    settle(timed=True)
    assert people["li"]("GET", f"/api/v1/orders/{order.id}").json()["status"] == "pending"
    done = act(people, claim, "approval", insurer_reference="A-1").json()
    assert (done["status"], done["insurer_reference"], done["decider"]) == ("approved", "A-1", "Admin")
    shown = people["li"]("GET", f"/api/v1/orders/{order.id}").json()
    assert (shown["status"], shown["payment_method"]) == ("paid", "insurance")
    assert [one["payment_method"] for one in shown["transactions"]] == ["insurance"]
    assert (desk.account(RECEIVABLE), desk.account(BANK)) == (8000, 0)
    assert act(people, claim, "settlement").json()["status"] == "settled"
    assert (desk.account(RECEIVABLE), desk.account(BANK)) == (0, 8000)


def test_refused_and_paid_otherwise(desk, people, clock):
    order = desk.order("li", 8000)
    claim = ask(people, order)
    clock.advance(days=3)
    assert act(people, claim, "rejection", note="Not in the policy.").json()["status"] == "rejected"
    assert "Not in the policy." in text(people["li"].page(f"/orders/{order.id}"))
    shown = people["li"]("GET", f"/api/v1/orders/{order.id}").json()
    assert shown["expire_time"] == (clock() + timedelta(hours=24)).isoformat().replace("+00:00", "Z")
    again = ask(people, order)
    assert act(people, again, "withdrawal").json()["status"] == "withdrawn"
    desk.top_up("li", 8000)
    desk.pay("li", order)
    assert desk.account(RECEIVABLE) == 0


def test_what_is_paid_otherwise_is_no_insurers(desk, people, settle, look):
    order = desk.order("li", 8000)
    claim = ask(people, order)
    desk.top_up("li", 8000)
    desk.pay("li", order)
    before = look(order)
    answer = act(people, claim, "approval")
    assert (answer.status_code, answer.json()["code"]) == (409, "order_paid")
    assert look(order) == before
    settle()
    assert people["admin"]("GET", f"/api/v1/claims/{claim['id']}").json()["status"] == "withdrawn"


def test_a_cancelled_visit_asks_no_insurer_any_more(desk, people, settle, slot, book):  # noqa: F811
    visit = book("li", slot)
    order = people["li"]("GET", f"/api/v1/orders/{visit['order_id']}").json()
    answer = people["admin"]("POST", f"/api/v1/orders/{order['id']}/claims", json=ENTRY)
    settle()
    assert people["li"]("GET", f"/api/v1/appointments/{visit['id']}").json()["status"] == "scheduled"
    gone = people["li"]("POST", f"/api/v1/appointments/{visit['id']}/cancel", json={"reason": "no time"})
    assert gone.status_code == 200, gone.text
    settle()
    claim = people["admin"]("GET", f"/api/v1/claims/{answer.json()['id']}").json()
    assert (claim["status"], claim["note"], claim["order_status"]) == (
        "withdrawn", "The order was cancelled.", "cancelled"
    )  # fmt: skip
    assert act(people, claim, "approval").status_code == 409
    assert people["admin"]("GET", "/api/v1/claims?status=submitted").json()["items"] == []
    assert desk.account(RECEIVABLE) == 0


def test_an_order_that_expired_asks_no_insurer_any_more(desk, people, clock, settle):
    claim = ask(people, desk.order("li", 8000))
    clock.advance(days=61)
    settle(timed=True)
    shown = people["admin"]("GET", f"/api/v1/claims/{claim['id']}").json()
    assert (shown["status"], shown["order_status"]) == ("withdrawn", "expired")


def test_who_opens_a_claim_stands_in_the_trail(desk, people, house):
    claim = ask(people, desk.order("li", 8000))
    act(people, claim, "approval")
    admin = people["admin"]
    admin.page("/admin/claims")  # a list opens nothing: the end of a number is all it shows
    before = trail(house, claim)
    assert admin.page(f"/admin/claims/{claim['id']}").status_code == 200
    assert "P-0044-778899" in admin.page(f"/admin/claims/{claim['id']}/form").text
    assert admin("GET", f"/api/v1/claims/{claim['id']}/form").json()["policy_no"] == "P-0044-778899"
    assert [one[:2] for one in before] == [("write", "submitted"), ("read", ""), ("write", "approved"), ("read", "")]
    assert [one for one in trail(house, claim)[len(before) :] if one[0] == "print"] == [
        ("print", "policy number", admin.id), ("print", "policy number", admin.id)
    ]  # fmt: skip
    assert ("read", "", admin.id) in trail(house, claim)[len(before) :]
    assert people["li"]("GET", f"/api/v1/claims/{claim['id']}").status_code == 403
    assert trail(house, claim)[-1][2] == people["li"].id


def trail(house, claim):
    mine = (AuditEvent.kind == "insurance_claim", AuditEvent.object_id == claim["id"])
    asked = select(AuditEvent.action, AuditEvent.purpose, AuditEvent.actor_id).where(*mine).order_by(AuditEvent.id)
    return [tuple(row) for row in house.db.read(lambda tx: tx.execute(asked).all())]


def test_lists_need_no_key_and_show_no_end_of_a_short_number(desk, people, house):
    """Nothing is decrypted for a list: it opens even where a number cannot be."""
    ask(people, desk.order("li", 8000))
    house.db.write(lambda tx: tx.execute(update(Claim).values(policy_no="gone:AAAA")))
    shown = people["admin"]("GET", "/api/v1/claims").json()["items"]
    assert [one["policy"] for one in shown] == ["…8899"]
    short = ENTRY | {"policy_no": "12345"}
    path = f"/api/v1/orders/{desk.order('li', 8000).id}/claims"
    assert people["admin"]("POST", path, json=short).json()["policy"] == "…"


def test_numbers_of_policies_are_written_anew_with_a_new_key(desk, people, settings, clock):
    """As `suwen rotate-keys` does it; afterwards a server that has only the new key reads them."""
    claim = ask(people, desk.order("li", 8000))
    assert (Claim, "policy_no") in SEALED
    fresh = new_field_key()
    with another(replace(settings, field_keys=f"{fresh},{settings.field_keys}"), clock) as both:
        assert both.db.write(lambda tx: sealed.rotate(tx, Claim, "policy_no")) == 1
    with another(replace(settings, field_keys=fresh), clock) as newest:
        kept = newest.db.read(lambda tx: sealed.unseal(tx, tx.get(Claim, claim["id"]), "policy_no"))
    assert kept == "P-0044-778899"


@pytest.mark.parametrize("field", ["insurer", "holder", "policy_no"])
def test_blanks_are_no_policy(desk, people, look, field):
    order = desk.order("li", 8000)
    before = look(order)
    answer = people["admin"]("POST", f"/api/v1/orders/{order.id}/claims", json=ENTRY | {field: "  "})
    assert (answer.status_code, list(answer.json()["fields"])) == (422, [field])
    assert look(order) == before


@pytest.mark.parametrize("state", ["submitted", "approved", "rejected", "withdrawn", "settled"])
def test_every_step_is_taken_once_and_from_its_state(desk, people, look, state):
    order = desk.order("li", 8000)
    claim = ask(people, order)
    path = {
        "submitted": [], "approved": ["approval"], "rejected": ["rejection"], "withdrawn": ["withdrawal"],
        "settled": ["approval", "settlement"],
    }  # fmt: skip
    for verb in path[state]:
        assert act(people, claim, verb, **({"note": "n"} if verb == "rejection" else {})).status_code == 201
    may = {"submitted": {"approval", "rejection", "withdrawal"}, "approved": {"settlement"}}.get(state, set())
    before = look(order)
    for verb in {"approval", "rejection", "withdrawal", "settlement"} - may:
        answer = act(people, claim, verb, **({"note": "n"} if verb == "rejection" else {}))
        assert (answer.status_code, answer.json()["code"]) == (409, "claim_decided")
    assert look(order) == before


@pytest.mark.parametrize("login", ["li", "eve", "zhang"])
def test_the_desk_only(desk, people, look, login):
    order = desk.order("li", 8000)
    claim = ask(people, order)
    before = look(order)
    assert people[login]("POST", f"/api/v1/orders/{order.id}/claims", json=ENTRY).status_code == 403
    for verb in ("approval", "rejection", "withdrawal", "settlement"):
        assert act(people, claim, verb, login, **({"note": "n"} if verb == "rejection" else {})).status_code == 403
    for page in (
        "/admin/claims",
        "/admin/claims.csv",
        f"/admin/claims/{claim['id']}",
        f"/admin/claims/{claim['id']}/form",
    ):
        assert people[login].page(page).status_code == 403
    assert look(order) == before


def test_orders_no_insurer_is_asked_for(desk, people, look, clock):
    paid = desk.paid("li", 8000)
    top_up = desk.do(service.open_top_up, people["li"].actor, 500)
    late = desk.order("li", 8000, minutes=1)
    gift = desk.order("li", 0, minutes=99)
    clock.advance(minutes=2)
    for order, code in (
        (paid, "order_paid"),
        (late, "order_expired"),
        (top_up, "method_not_offered"),
        (gift, "bad_sum"),
    ):
        before = look(order)
        assert ask(people, order, 409 if code.startswith("order") else 422)["code"] == code
        assert look(order) == before
    order = desk.order("li", 8000)
    ask(people, order)
    before = look(order)
    assert ask(people, order, 409)["code"] == "claim_open"
    assert look(order) == before


def test_a_refund_is_the_insurers(desk, people):
    order = desk.order("li", 8000)
    claim = ask(people, order)
    act(people, claim, "approval")
    desk.refund("li", order, 3000)  # the insurer owes so much less
    assert (desk.account(RECEIVABLE), desk.balance("li")) == (5000, 0)
    act(people, claim, "settlement")
    assert (desk.account(RECEIVABLE), desk.account(BANK)) == (0, 5000)
    refund = desk.refund("li", order, 1000)  # its money has come: now it is owed back
    one = people["admin"]("GET", f"/api/v1/refunds/{refund}").json()
    assert (one["place"], desk.account("liability:refund_pending")) == ("insurer", -1000)
    assert people["admin"]("POST", f"/api/v1/refunds/{refund}/hand-out").status_code == 409
    done = people["admin"]("POST", f"/api/v1/refunds/{refund}/by-hand", json={"how": "bank", "note": "transfer 9"})
    assert done.json()["place"] == "success"
    assert (desk.account(BANK), desk.account("liability:refund_pending")) == (4000, 0)
    assert people["li"]("GET", f"/api/v1/orders/{order.id}").json()["refunded_amount"] == 4000


def test_the_pages(desk, people):
    admin, order = people["admin"], desk.order("li", 8000)
    assert "Ask an insurer" in text(admin.page(f"/admin/orders/{order.id}"))
    assert "Policy holder" in text(admin.page(f"/admin/orders/{order.id}/claim"))
    assert admin.form(f"/admin/orders/{order.id}/claim", ENTRY | {"policy_no": ""}).status_code == 422
    made = admin.form(f"/admin/orders/{order.id}/claim", ENTRY)
    path = made.headers["location"]
    assert (
        "778899" not in admin.page("/admin/claims").text + admin.page(path).text + admin.page("/admin/claims.csv").text
    )
    paper = text(admin.page(f"{path}/form"))
    assert "P-0044-778899" in paper
    assert "Day of the service" not in paper  # there was none: no row that says so
    data = admin("GET", f"/api/v1{path.removeprefix('/admin')}/form").json()
    assert (data["amount"], data["policy_no"], data["order_no"]) == (8000, "P-0044-778899", order.order_no)
    for query, count in (("status=submitted", 1), ("status=settled", 0), ("q=PICC", 1), ("q=nobody", 0)):
        assert len(admin("GET", f"/api/v1/claims?{query}").json()["items"]) == count
    assert len(admin.page("/admin/claims.csv?status=submitted").text.splitlines()) == 2
    assert admin.form(f"{path}/reject", {"note": ""}).status_code == 422
    assert admin.form(f"{path}/approve", {"insurer_reference": "R7"}).status_code == 303
    assert admin.form(f"{path}/settle").status_code == 303
    assert admin.form(f"{path}/settle").status_code == 409
    assert admin.page("/admin/claims/nothing").status_code == 404
    assert admin.page("/admin/claims/nothing/form").status_code == 404


def test_two_answers_at_once(desk, people):
    assert people["admin"].token
    for _ in range(3):
        order = desk.order("li", 8000)
        claim = ask(people, order)
        found = race(
            lambda claim=claim: act(people, claim, "approval"),
            lambda claim=claim: act(people, claim, "rejection", note="no"),
            lambda claim=claim: act(people, claim, "withdrawal"),
        )
        assert sorted(statuses(found)) == [201, 409, 409]
