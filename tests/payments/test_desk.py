"""Pages of payments: the wallet, orders, prices, the desk."""

import csv
import re

import pytest

from suwen.payments import service
from suwen.payments.errors import NoPrice
from suwen.payments.models import Price

PRICE = {
    "service_type": "appointment_online", "service_name": "Video visit 视频问诊", "price": "50.00", "currency": "CNY",
    "is_active": "on",
}  # fmt: skip


def text(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def prices(house):
    return house.db.read(lambda tx: [(p.service_name, p.price, p.is_active) for p in service.prices(tx)])


def test_an_empty_wallet_says_how_to_fill_it(people):
    answer = people["li"].page("/wallet")
    assert answer.status_code == 200
    assert "¥0.00" in text(answer)
    assert "How to top up" in text(answer)
    assert people["zhang"].page("/wallet").status_code == 403
    assert people["guest"].page("/wallet").status_code == 303


def test_paying_an_order_on_its_page(desk, people):
    order = desk.order("li", 6000)
    page = people["li"].page(f"/orders/{order.id}")
    assert "¥60.00 are missing" in text(page)
    assert f"/orders/{order.id}/pay" not in page.text
    desk.top_up("li", 10000)
    page = people["li"].page(f"/orders/{order.id}")
    assert "¥40.00 will be left" in text(page)
    assert f'action="/orders/{order.id}/pay"' in page.text
    paid = people["li"].form(f"/orders/{order.id}/pay")
    assert (paid.status_code, paid.headers["location"]) == (303, f"/orders/{order.id}")
    again = people["li"].form(f"/orders/{order.id}/pay")
    assert again.status_code == 409
    assert "has been paid already" in text(again)
    assert "¥60.00" in text(people["li"].page("/wallet"))
    assert desk.balance("li") == 4000


def test_what_expired_cannot_be_paid_on_the_page(desk, people, clock):
    desk.top_up("li", 10000)
    order = desk.order("li", 6000)
    clock.advance(minutes=15)
    page = people["li"].page(f"/orders/{order.id}")
    assert "The time to pay this is over" in text(page)
    assert people["li"].form(f"/orders/{order.id}/pay").status_code == 409
    assert desk.balance("li") == 10000


def test_the_desk_tops_up_and_gives_a_receipt(desk, people, ids):
    admin, li = people["admin"], ids.users["li"]
    assert "Li Na" not in text(admin.page("/admin/top-up?q=L"))
    assert f"/admin/top-up?user={li}" in admin.page("/admin/top-up?q=li+na").text
    assert f"/admin/top-up?user={li}" in admin.page("/admin/top-up?q=0001").text
    assert "Nobody was found" in text(admin.page("/admin/top-up?q=zhang"))  # a doctor has no wallet
    wrong = admin.form(f"/admin/top-up?user={li}", {"amount": "12,5"})
    assert wrong.status_code == 422
    assert "such as 50" in text(wrong)
    assert 'value="12,5"' in wrong.text
    assert desk.balance("li") == 0
    done = admin.form(f"/admin/top-up?user={li}", {"amount": "50.5"})
    receipt = text(admin.page(done.headers["location"]))
    assert "¥50.50" in receipt
    assert "Admin" in receipt
    assert desk.balance("li") == 5050
    assert people["li"].page("/admin/top-up").status_code == 403


def test_a_double_click_takes_the_money_once(desk, people, ids):
    for _ in range(2):
        people["admin"].form(f"/admin/top-up?user={ids.users['li']}", {"amount": "50", "_once": "click"})
    assert desk.balance("li") == 5000


def test_orders_at_the_desk(desk, people, clock):
    order = desk.order("li", 6000)
    desk.paid("wang", 100)
    admin = people["admin"]
    page = admin.page("/admin/orders")
    assert order.order_no in page.text
    assert order.order_no not in admin.page("/admin/orders?status=paid&q=&since=&until=").text
    assert order.order_no not in admin.page("/admin/orders?since=2030-01-02").text
    assert order.order_no in admin.page("/admin/orders?until=2030-01-01").text
    assert order.order_no in admin.page(f"/admin/orders?user={people['li'].id}").text
    hers = admin.page(f"/admin/orders?user={people['wang'].id}")
    assert order.order_no not in hers.text
    assert f'name="user" value="{people["wang"].id}"' in hers.text  # the next search stays with her
    assert order.order_no not in admin.page(f"/admin/orders.csv?user={people['wang'].id}").text
    assert admin.page("/admin/orders?user=nobody").status_code == 404
    assert "¥60.00 in cash from Li Na" in admin.page(f"/admin/orders/{order.id}").text
    assert admin.form(f"/admin/orders/{order.id}/cash").status_code == 303
    assert admin.form(f"/admin/orders/{order.id}/cash").status_code == 409
    assert admin.page(f"/admin/orders/{order.id}/refund").status_code == 200
    wrong = admin.form(f"/admin/orders/{order.id}/refund", {"amount": "60.01", "reason": "ill"})
    assert wrong.status_code == 409
    assert 'value="60.01"' in wrong.text
    assert admin.form(f"/admin/orders/{order.id}/refund", {"amount": "10", "reason": ""}).status_code == 422
    assert admin.form(f"/admin/orders/{order.id}/refund", {"amount": "10", "reason": "ill"}).status_code == 303
    shown = admin("GET", f"/api/v1/orders/{order.id}").json()
    assert (shown["status"], shown["refunded_amount"]) == ("partial_refunded", 1000)
    refund = desk.refund("li", order)
    assert "Hand out CN¥50.00" in text(admin.page(f"/admin/orders/{order.id}"))
    assert "¥50.00" in text(admin.page("/admin/orders"))
    assert "to be handed out at the desk" in text(people["li"].page(f"/orders/{order.id}"))
    assert admin.form(f"/admin/orders/{order.id}/hand-out/{refund}").status_code == 303
    assert admin.form(f"/admin/orders/{order.id}/hand-out/{refund}").status_code == 409
    for path in ("/admin/orders", "/admin/orders.csv", f"/admin/orders/{order.id}", "/admin/prices"):
        assert people["li"].page(path).status_code == 403


def test_the_file_of_orders(desk, people, house, ids):
    from suwen.accounts.models import User

    house.db.write(lambda tx: setattr(tx.get(User, ids.users["wang"]), "name", "=1+1"))
    for _ in range(120):
        desk.order("li", 6000)
    desk.order("wang", 100)
    answer = people["admin"].page("/admin/orders.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    lines = list(csv.DictReader(answer.text.removeprefix("\ufeff").splitlines()))
    assert len(lines) == 121
    assert {line["amount"] for line in lines} == {"60.00", "1.00"}
    assert [line["payer"] for line in lines if line["amount"] == "1.00"] == ["'=1+1"]
    assert len(people["admin"].page("/admin/orders.csv?status=paid").text.splitlines()) == 1


def test_a_price_is_set_and_asked(people, house, clock):
    admin = people["admin"]
    day = clock().date()
    with pytest.raises(NoPrice):
        house.db.read(lambda tx: service.price_for(tx, "appointment_online", on=day))
    assert admin.form("/admin/prices", PRICE).status_code == 303
    amount, currency, id = house.db.read(lambda tx: service.price_for(tx, "appointment_online", on=day))
    assert (amount, currency) == (5000, "CNY")
    page = admin.page(f"/admin/prices/{id}")
    assert 'value="50.00"' in page.text
    assert admin.form(f"/admin/prices/{id}", PRICE | {"discount_price": "30", "version": "1"}).status_code == 303
    old = admin.form(f"/admin/prices/{id}", PRICE | {"version": "1"})
    assert old.status_code == 409
    found = house.db.read(lambda tx: service.price_for(tx, "appointment_online", on=day))
    assert found[0] == 3000
    own = house.db.read(lambda tx: service.price_for(tx, "appointment_online", on=day, doctor_fee=9900))
    assert own == (9900, "CNY", id)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"price": "fifty"}, "price"),
        ({"price": ""}, "price"),
        ({"discount_price": "50.01"}, "discount_price"),
        ({"discount_price": "x"}, "discount_price"),
        ({"currency": "JPY"}, "currency"),  # has no hundredths
        ({"currency": "??!"}, "currency"),
        ({"service_type": "Online Visit"}, "service_type"),
        ({"effective_date": "2030-02-01", "expiry_date": "2030-01-01"}, "expiry_date"),
        ({"effective_date": "soon"}, "effective_date"),
        ({"location_id": "nowhere"}, "location_id"),
    ],
)
def test_a_price_that_cannot_be(people, house, change, field):
    answer = people["admin"].form("/admin/prices", PRICE | change)
    assert answer.status_code == 422
    assert re.search(rf'id="f-{field.replace("_", "-")}-error"', answer.text)
    assert "Video visit" in answer.text
    assert prices(house) == []


def test_prices_of_one_place_do_not_overlap(people, house, ids):
    admin = people["admin"]
    assert admin.form("/admin/prices", PRICE | {"expiry_date": "2030-01-31"}).status_code == 303
    overlapping = admin.form("/admin/prices", PRICE | {"effective_date": "2030-01-31"})
    assert overlapping.status_code == 409
    assert "Another price" in text(overlapping)
    assert admin.form("/admin/prices", PRICE | {"effective_date": "2030-02-01"}).status_code == 303
    assert admin.form("/admin/prices", PRICE | {"location_id": ids.location}).status_code == 303
    draft = {name: value for name, value in PRICE.items() if name != "is_active"}
    assert admin.form("/admin/prices", draft).status_code == 303
    assert len(prices(house)) == 4


def test_the_price_list_is_public_and_fresh(people, house):
    assert people["guest"]("GET", "/api/v1/prices").json() == []
    made = people["admin"](
        "POST", "/api/v1/prices",
        json={"service_type": "appointment_online", "service_name": "Video", "price": 5000, "discount_price": 4000},
    ).json()  # fmt: skip
    assert [one["discount_price"] for one in people["guest"]("GET", "/api/v1/prices").json()] == [4000]
    off = {name: made[name] for name in ("service_type", "service_name", "price", "version")} | {"is_active": False}
    assert people["admin"]("PUT", f"/api/v1/prices/{made['id']}", json=off).status_code == 200
    assert people["guest"]("GET", "/api/v1/prices").json() == []
    assert people["li"]("PUT", f"/api/v1/prices/{made['id']}", json=off).status_code == 403
    assert house.db.read(lambda tx: tx.get(Price, made["id"]).version) == 2
