"""What is kept of the talk with gateways, reports, and what did not fit: found, read, settled once, purged."""

import logging
import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from suwen.core.audit import AuditEvent
from suwen.core.db import new_id
from suwen.core.errors import DomainError
from suwen.core.outbox import run_timed
from suwen.payments.anomaly_kinds import MEANINGS
from suwen.payments.errors import AlreadyResolved
from suwen.payments.gateways import Attempt, GatewayError
from suwen.payments.models import Anomaly, GatewayExchange, GatewayReport
from suwen.payments.schemas.channels import ResolutionInput
from suwen.payments.service import resolving
from suwen.payments.service.channels import Channels, gateways_of
from tests.payments.gateways.conftest import attempt, refund_of
from tests.support.racing import race

OPENID, IP, BUYER = "oPayer123", "10.77.3.9", "li}{"
PAGE = "/admin/payments"


@pytest.fixture
def talking(house, sim, clock, _http, caplog):
    """The clinic's gateways, at the simulator; everything that is logged is heard."""
    caplog.set_level(logging.DEBUG)
    channels = Channels(house.db, clock=clock, environment=sim.environment, http=_http)
    channels.close = lambda: None  # the pool is of the whole session
    house.db.beside("gateways", lambda: channels)
    return gateways_of(house.db)


def kept(house):
    return house.db.read(lambda tx: list(tx.scalars(select(GatewayExchange).order_by(GatewayExchange.id))))


def every_scene(gateways, clock, shop):
    """(gateway, attempt) of each scene, each with a number of its own."""
    count = 0
    for name, gateway in gateways.items():
        for scene in sorted(gateway.scenes):
            count += 1
            number = f"ORD2030010{count:02d}X"
            yield name, attempt(clock, shop, number, scene=scene, payer_ref=OPENID, payer_ip=IP)


def drive(gateways, sim, made: Attempt, name):
    """From the offer to a refund, and a question about what is not there."""
    gateway = gateways[name]
    offer = gateway.create(made)
    for url in (offer.url, offer.text):
        if name == "alipay" and url:
            sim.http.get(url)
    if made.scene == "app" and name == "alipay":
        sim.http.get(f"{sim.url}/gateway.do?{offer.parameters['orderString']}")
    sim.pay(made.out_no)
    answer = gateway.query(made.out_no, offer.external_id)
    assert answer.state == "paid", (name, made.scene)
    order = refund_of(answer.external_id, number="RFD" + made.out_no, out_no=made.out_no)
    gateway.refund(order)
    gateway.query_refund(order)
    gateway.query("NOSUCHNUMBER99")
    gateway.close(made.out_no, answer.external_id)


def test_nothing_that_is_kept_or_logged_names_a_person_or_a_key(talking, house, sim, clock, shop, caplog):
    numbers = []
    for name, made in every_scene(talking, clock, shop):
        drive(talking, sim, made, name)
        numbers.append((name, made.out_no))
    shop_url = shop.url
    assert shop_url
    found = kept(house)
    everything = repr([(one.path, one.host, one.sent, one.received) for one in found]) + caplog.text
    payments = sim.look("state")["payment"]
    secrets = {value for name, value in sim.environment.items() if "KEY" in name and "FILE" not in name}
    secrets |= {value for name, value in sim.environment.items() if "SECRET" in name}
    secrets -= {value for name, value in sim.environment.items() if name.endswith("KEY_ID")}
    people = {OPENID, IP, BUYER, "4242", *(one["payer"] for one in payments if one.get("payer"))}
    for word in secrets | people:
        assert word not in everything, word
    for mark in ("BEGIN ", "_secret_", "whsec_", "sk_test", "WECHATPAY2", "Bearer"):
        assert mark not in everything, mark
    assert not re.search(r"(?<!\d)1[3-9]\d{9}(?!\d)", everything)
    for name, number in numbers:
        of_payment = [one for one in found if one.out_no == number]
        of_refund = [one for one in found if one.out_no == "RFD" + number]
        assert {one.gateway for one in of_payment + of_refund} == {name}
        assert len(of_payment) >= 3, (name, number)  # offered, asked about, closed: GETs too
        assert len(of_refund) >= 2, (name, number)
    assert [one.path for one in found if one.out_no is None] == []


def test_what_a_gateway_says_in_its_errors_is_redacted_too(around, exchanges):
    """Real ones repeat what they were sent, under names of their own."""
    from suwen.payments.gateways.wire import Wire

    wire = Wire("wechat", ("https://gateway.example",), around)
    sent = {"payer": {"openid": "oAbcDef_123"}, "scene_info": {"payer_client_ip": "203.0.113.9"}}
    received = {
        "code": "PARAM_ERROR",
        "detail": {"field": "/payer/openid", "value": "oAbcDef_123", "issue": "not oAbcDef_123 but another"},
        "message": "call 13812345678 or mail li.na@example.org, card 4242 4242 4242 4242, key sk_live_abcDEF123",
        "sign_information": {"truncated_sign_message": "GET\n/v3"},
        "raw": "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----",
        "secret": ["whsec_abc"], "transaction_id": "4200001234202601011234567890", "id": "ORD20300101A1",
    }  # fmt: skip
    wire.record("POST", "/v3/pay?token=abc", sent, received, 400, "ORD20300101A1")
    [one] = exchanges
    told = repr((one.sent, one.received, one.path))
    for word in (
        "oAbcDef_123",
        "203.0.113.9",
        "13812345678",
        "li.na@",
        "4242 4242",
        "sk_live",
        "MIIE",
        "whsec",
        "token=abc",
    ):
        assert word not in told, word
    assert one.received["transaction_id"] == received["transaction_id"]  # what a person needs stays
    assert one.received["id"] == "ORD20300101A1"
    assert one.sent["payer"]["openid"] == one.received["detail"]["value"]  # and it can be seen that it is the same one


def test_exchanges_are_found_by_number_gateway_and_failure(talking, house, sim, clock, shop, people):
    for name, scene in (("wechat", "qr"), ("alipay", "page"), ("card", "page")):
        made = attempt(clock, shop, f"ORD2030{name.upper()}", scene=scene)
        talking[name].create(made)
    sim.fault(gateway="card", path="/v1/", what="500", times=1)
    with pytest.raises(GatewayError):
        talking["card"].query("ORD2030CARD")
    talking["alipay"].query("ORD2030ALIPAY")  # nobody has opened the page: refused with status 200
    admin = people["admin"]
    read = lambda query: admin("GET", f"/api/v1/payment-exchanges?{query}").json()["items"]  # noqa: E731
    assert {one["gateway"] for one in read("")} == {"wechat", "alipay", "card"}
    assert {one["out_no"] for one in read("number=ORD2030CARD")} == {"ORD2030CARD"}
    failed = read("failed=true")
    assert sorted((one["gateway"], one["method"]) for one in failed) == [("alipay", "POST"), ("card", "GET")]
    assert [one["failed"] for one in read("")].count(True) == 2
    assert all(one["failed"] for one in failed)
    page = admin.page(f"{PAGE}/exchanges?failed=on&gateway=card")
    assert page.status_code == 200
    assert "ORD2030CARD" in page.text
    assert "ORD2030ALIPAY" not in page.text
    one = admin.page(f"{PAGE}/exchanges/{failed[0]['id']}")
    assert one.status_code == 200
    assert "&#34;" in one.text or "&quot;" in one.text or "code" in one.text
    assert admin("GET", f"/api/v1/payment-exchanges/{failed[0]['id']}").json()["sent"]
    assert admin("GET", "/api/v1/payment-exchanges/none").status_code == 404


def test_what_is_old_is_purged_and_the_rest_stays(house, clock):
    def put(tx, days):
        tx.add(GatewayExchange(id=new_id(), created_at=clock() - timedelta(days=days), gateway="card", method="GET",
                               path="/", host="h", http_status=200, sent={}, received={}))  # fmt: skip

    for days in (0, 89, 91, 400):
        house.db.write(lambda tx, days=days: put(tx, days))
    run_timed(house.db, clock())
    assert len(kept(house)) == 2


def strange(house, clock, kind="paid_twice", **more):
    id = new_id()
    row = {"once": id, "kind": kind, "gateway": "wechat", "facts": {"out_no": "ORD20300101A1", "<b>": "x"}} | more
    house.db.write(lambda tx: tx.add(Anomaly(id=id, created_at=clock(), **row)))
    return id


def test_an_anomaly_is_explained_and_settled_once(house, clock, people):
    admin, id = people["admin"], None
    id = strange(house, clock)
    overview = admin.page("/admin").text
    assert "/admin/payments/anomalies?status=open" in overview
    page = admin.page(f"{PAGE}/anomalies/{id}", headers={"accept-language": "en"})
    assert "&lt;b&gt;" in page.text or "\\u003cb" in page.text
    assert "<b>" not in page.text
    refused = admin.form(f"{PAGE}/anomalies/{id}", {"resolution": "other"})
    assert refused.status_code == 422
    assert admin("GET", f"/api/v1/payment-anomalies/{id}").json()["status"] == "open"
    done = admin.form(f"{PAGE}/anomalies/{id}", {"resolution": "refunded", "note": "Seen in the console."})
    assert done.status_code == 303
    read = admin("GET", f"/api/v1/payment-anomalies/{id}").json()
    assert (read["status"], read["resolution"], read["note"]) == ("resolved", "refunded", "Seen in the console.")
    again = admin("POST", f"/api/v1/payment-anomalies/{id}/resolution", json={"resolution": "attack"})
    assert (again.status_code, again.json()["code"]) == (409, "already_resolved")
    assert admin("GET", f"/api/v1/payment-anomalies/{id}").json()["resolution"] == "refunded"
    assert "/admin/payments/anomalies?status=open" not in admin.page("/admin").text
    trail = select(func.count()).select_from(AuditEvent).where(AuditEvent.kind == "payment_anomaly")
    assert house.db.read(lambda tx: tx.scalar(trail)) == 1


def test_of_several_who_settle_it_at_once_one_does(house, clock, people):
    id, actor, now = strange(house, clock), people["admin"].actor, clock()

    def settle(word):
        entry = ResolutionInput(resolution=word, note=word)
        return lambda: house.db.write(lambda tx: resolving.resolve(tx, actor, id, entry, now))

    ended = race(*(settle(word) for word in ("refunded", "attack", "nothing_to_do", "other") * 2))
    refused = [one for one in ended if isinstance(one, Exception)]
    assert all(isinstance(one, AlreadyResolved) for one in refused), ended
    [won] = [one for one in ended if not isinstance(one, DomainError)]
    found = house.db.read(lambda tx: resolving.anomaly(tx, id))
    assert (found.resolution, found.note) == (won.resolution, won.note)


def test_every_kind_has_a_page_in_both_languages(house, clock, people):
    for kind in (*MEANINGS, "of_tomorrow"):
        id = strange(house, clock, kind=kind)
        assert people["admin"].page(f"{PAGE}/anomalies/{id}").status_code == 200, kind


def test_anomalies_are_filtered_paged_and_written_to_a_file(house, clock, people):
    for number in range(25):
        clock.advance(seconds=1)
        strange(house, clock, kind="late" if number % 2 else "forged", gateway="card" if number % 5 else "alipay")
    admin = people["admin"]
    first = admin("GET", "/api/v1/payment-anomalies?status=open").json()
    rest = admin("GET", f"/api/v1/payment-anomalies?status=open&after={first['next']}").json()
    assert len({one["id"] for one in first["items"] + rest["items"]}) == 25
    late = admin("GET", "/api/v1/payment-anomalies?kind=late&gateway=card&limit=100").json()["items"]
    assert {(one["kind"], one["gateway"]) for one in late} == {("late", "card")}
    file = admin.page(f"{PAGE}/anomalies.csv?kind=late").text
    assert file.count("late") >= 12
    assert "forged" not in file
    page = admin.page(f"{PAGE}/anomalies?kind=forged")
    assert page.status_code == 200
    assert "after=" not in admin.page(f"{PAGE}/anomalies?kind=late&gateway=alipay").text


def test_reports_are_listed_with_what_became_of_them(house, clock, people):
    id = new_id()
    house.db.write(lambda tx: tx.add(GatewayReport(
        id=id, created_at=clock(), gateway="wechat", event_id="EV-1", event_type="TRANSACTION.SUCCESS", kind="payment",
        digest="0" * 64, out_no="ORD20300101A1", content={"a": "<script>"}, deliveries=3, outcome="applied",
    )))  # fmt: skip
    admin = people["admin"]
    [one] = admin("GET", "/api/v1/payment-reports?outcome=applied&gateway=wechat").json()["items"]
    assert (one["deliveries"], one["event_type"]) == (3, "TRANSACTION.SUCCESS")
    assert admin("GET", "/api/v1/payment-reports?outcome=waiting").json()["items"] == []
    assert "ORD20300101A1" in admin.page(f"{PAGE}/reports?number=ORD20300101A1").text
    assert "<script>" not in admin.page(f"{PAGE}/reports/{id}").text.split("<main", 1)[1].split("</main>", 1)[0]
    assert admin("GET", "/api/v1/payment-reports/none").status_code == 404


def test_patients_and_doctors_see_none_of_it(house, clock, people):
    id = strange(house, clock)
    for login in ("li", "zhang", "zhao"):
        for path in ("payment-anomalies", f"payment-anomalies/{id}", "payment-exchanges", "payment-gateways"):
            assert people[login]("GET", f"/api/v1/{path}").status_code == 403
