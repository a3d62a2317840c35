"""Receipts and statements: who may read them, what stands on them, and that every character of them is drawn."""

import csv
import io
import re
from datetime import timedelta

import pytest
from pypdf import PdfReader

from suwen.accounts.models import User
from suwen.payments import service
from suwen.payments.schemas import PriceInput
from tests.payments.test_desk import text
from tests.support.paper import RARE, drawn, missing


@pytest.fixture
def bought(desk, people):
    """Li's order at the price of the list, paid from the balance; its id."""
    entry = PriceInput(service_type="appointment_online", service_name="视频问诊 Video visit", price=6000)
    price = desk.do(service.add_price, people["admin"].actor, entry)
    desk.top_up("li", 10000)

    def open_order(tx, now):
        return service.open_order(
            tx, desk.ids.users["li"], subject="thing:bought", amount=6000, currency="CNY",
            expires=now + timedelta(minutes=15), now=now, price_config_id=price.id,
            description="never to be shown",
        )  # fmt: skip

    order = desk.house.db.write(lambda tx: open_order(tx, desk.house.clock()))
    desk.pay("li", order)
    return order.id


def document(people, login, path, locale):
    people[login].cookies["lang"] = locale
    answer = people[login].page(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/pdf")
    made = PdfReader(io.BytesIO(answer.content))
    return made, "\n".join(page.extract_text() for page in made.pages)


def flat(words):
    return re.sub(r"\s", "", words)


def test_a_receipt_says_who_paid_what_and_how(bought, desk, people, clock):
    desk.do(service.refund, people["admin"].actor, bought, 1500, "kindness")
    one = people["li"]("GET", f"/api/v1/orders/{bought}/receipt").json()
    assert (one["payer"], one["service"], one["payment_method"]) == ("Li Na 李娜", "视频问诊 Video visit", "balance")
    assert (one["amount"], one["refunded_amount"], one["kept"]) == (6000, 1500, 4500)
    assert [(back["refund_amount"], back["status"]) for back in one["refunds"]] == [(1500, "success")]
    page = text(people["li"].page(f"/orders/{bought}/receipt"))
    for expected in ("Receipt", one["order_no"], "Li Na", "Video visit", "¥60.00", "¥15.00", "¥45.00", "balance"):
        assert expected in page, expected
    assert "never to be shown" not in page
    assert people["admin"].page(f"/orders/{bought}/receipt").status_code == 200


def test_nobody_elses_receipt_is_there(bought, people):
    for path in (f"/orders/{bought}/receipt", f"/orders/{bought}/receipt/pdf", f"/statements/{people['li'].id}",
                 f"/statements/{people['li'].id}/csv", f"/statements/{people['li'].id}/pdf"):  # fmt: skip
        assert people["eve"].page(path).status_code == 404, path
        assert people["zhang"].page(path).status_code == 403, path
    assert people["eve"]("GET", f"/api/v1/orders/{bought}/receipt").json()["code"] == "no_such_order"
    assert people["eve"]("GET", f"/api/v1/statements/{people['li'].id}").json()["code"] == "no_such_person"


def test_what_was_not_paid_has_no_receipt(desk, people):
    order = desk.order("li", 6000)
    refused = people["li"]("GET", f"/api/v1/orders/{order.id}/receipt")
    assert (refused.status_code, refused.json()["code"]) == (409, "no_receipt")
    assert people["eve"]("GET", f"/api/v1/orders/{order.id}/receipt").status_code == 404


def test_the_receipt_on_paper_in_chinese(bought, desk, people):
    desk.do(service.refund, people["admin"].actor, bought, 1500, "kindness")
    made, words = document(people, "li", f"/orders/{bought}/receipt/pdf", "zh-CN")
    number = people["li"]("GET", f"/api/v1/orders/{bought}").json()["order_no"]
    for expected in ("收据", number, "交款人LiNa李娜", "用途视频问诊", "金额¥60.00",
                     "付款时间2030-01-0108:00", "支付方式余额", "−¥15.00", "实付¥45.00"):  # fmt: skip
        assert expected in flat(words), (expected, flat(words))
    assert "Videovisit" not in flat(words)  # the price list says it in both languages, a receipt in the reader's
    assert missing(made) == []
    assert len(made.pages) == 1


def test_the_receipt_on_paper_in_english(bought, people):
    made, words = document(people, "li", f"/orders/{bought}/receipt/pdf", "en")
    for expected in ("Receipt", "Received from", "Video visit", "¥60.00", "2030-01-01 08:00", "balance"):
        assert expected in words, (expected, words)
    assert "Paid back" not in words
    assert missing(made) == []


def test_every_character_of_a_name_is_drawn(bought, desk, people):
    user = desk.ids.users["li"]

    def rename(tx):
        tx.get_one(User, user).name = f"Zoë {RARE} é ß"

    desk.house.db.write(rename)
    for path in (f"/orders/{bought}/receipt/pdf", f"/statements/{user}/pdf"):
        made, words = document(people, "li", path, "zh-CN")
        assert all(letter in words for letter in RARE), path
        assert {char for char, _ in drawn(made)} >= set(RARE)
        assert missing(made) == []


def test_dates_are_those_of_the_payers_zone(bought, desk, people, clock):
    def move(tx):
        tx.get_one(User, desk.ids.users["li"]).zone = "America/New_York"

    desk.house.db.write(move)
    _, words = document(people, "admin", f"/orders/{bought}/receipt/pdf", "en")
    assert "2029-12-31 19:00" in words


def test_a_statement_has_all_that_moved_and_what_is_owed(bought, desk, people, clock):
    clock.advance(hours=1)
    desk.do(service.refund, people["admin"].actor, bought, 1500, "kindness")
    desk.paid_in_cash("li", 2500)
    open_one = desk.order("li", 700)
    desk.paid("wang", 9900)
    one = people["li"]("GET", f"/api/v1/statements/{people['li'].id}").json()
    assert sorted((line["kind"], line["amount"], line["payment_method"]) for line in one["lines"]) == [
        ("payment", 2500, "cash"), ("payment", 6000, "balance"), ("refund", 1500, "balance"), ("top_up", 10000, "cash"),
    ]  # fmt: skip
    assert one["lines"] == sorted(one["lines"], key=lambda line: line["at"])
    assert one["sums"] == [{"currency": "CNY", "paid": 8500, "refunded": 1500, "topped_up": 10000}]
    assert [debt["order_id"] for debt in one["owed"]] == [open_one.id]
    assert one["wallet"] == {"currency": "CNY", "before": 0, "income": 11500, "expense": 6000, "after": 5500}
    page = text(people["li"].page(f"/statements/{people['li'].id}"))
    for expected in ("¥85.00", "¥15.00", "¥100.00", "¥55.00", "To pay", "¥7.00"):
        assert expected in page, expected
    assert "¥99.00" not in page


def test_a_statement_is_of_the_days_that_were_asked_for(bought, desk, people, clock):
    clock.advance(days=40)
    desk.paid_in_cash("li", 2500)
    mine = f"/api/v1/statements/{people['li'].id}"

    def amounts(days):
        return [line["amount"] for line in people["li"]("GET", mine + days).json()["lines"]]

    assert amounts("") == [2500]
    assert sorted(amounts("?since=2030-01-01&until=2030-01-01")) == [6000, 10000]
    assert amounts("?since=2030-01-02&until=2030-01-31") == []
    assert sorted(amounts("?since=2030-02-28&until=2030-01-01")) == [2500, 6000, 10000]
    one = people["li"]("GET", mine + "?since=2030-02-01&until=2030-02-28").json()
    assert (one["wallet"]["before"], one["wallet"]["after"]) == (4000, 4000)
    long = people["li"]("GET", mine + "?since=2028-01-01&until=2030-01-01")
    assert (long.status_code, long.json()["code"]) == (422, "long_statement")


def test_a_statement_as_a_spreadsheet_and_on_paper(bought, desk, people):
    place = f"/statements/{people['li'].id}"
    answer = people["li"].page(f"{place}/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert {(row["kind"], row["amount"], row["currency"]) for row in rows} == {
        ("payment", "60.00", "CNY"), ("top_up", "100.00", "CNY"),
    }  # fmt: skip
    assert {row["at"][:16] for row in rows} == {"2030-01-01T08:00"}
    made, words = document(people, "li", f"{place}/pdf", "zh-CN")
    for expected in (
        "收支明细",
        "2030-01-01–2030-01-01",
        "视频问诊",
        "钱包充值",
        "¥60.00",
        "¥100.00",
        "期末",
    ):
        assert expected in flat(words), (expected, flat(words))
    assert missing(made) == []
    _, english = document(people, "li", f"{place}/pdf", "en")
    for expected in ("Statement", "Top-up of the wallet", "Put into the wallet", "¥40.00"):
        assert expected in english, expected


def test_an_empty_statement(people):
    page = people["wang"].page(f"/statements/{people['wang'].id}?since=nonsense")
    assert page.status_code == 200
    assert "Nothing was paid in these days" in text(page)
    made, words = document(people, "wang", f"/statements/{people['wang'].id}/pdf", "en")
    assert "Nothing was paid in these days" in words
    assert missing(made) == []
