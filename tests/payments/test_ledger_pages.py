"""The ledger and deposits as admins and payers meet them: pages and API."""

import pytest
from sqlalchemy import func, select, update

from suwen.payments.models import LedgerAccount, LedgerCheck
from suwen.payments.service import ledger

PAGES = ["/admin/ledger", "/admin/ledger/journals", "/admin/deposits"]


@pytest.mark.parametrize("path", PAGES)
def test_pages_before_anything_was_booked(people, path):
    assert people["admin"].page(path).status_code == 200


def test_balances_and_journals_are_shown(desk, people):
    order = desk.paid("li", 6000)
    desk.refund("li", order, 1000)
    page = people["admin"].page("/admin/ledger").text
    for words in ("Cash in the till", "Income from services", "In people", "1 person", "¥50.00"):
        assert words in page
    api = people["admin"]("GET", "/api/v1/ledger/accounts").json()
    assert {one["code"]: one["balance"] for one in api} == {
        "asset:cash": 6000, "revenue:services": 5000, "liability:user:*:available": 1000,
    }  # fmt: skip
    found = people["admin"]("GET", f"/api/v1/ledger/journals?ref={order.id}").json()["items"]
    assert [(one["kind"], one["amount"]) for one in found] == [("refund", 1000), ("payment", 6000)]
    only = people["admin"]("GET", "/api/v1/ledger/journals?account=asset:cash&limit=1").json()
    assert [one["kind"] for one in only["items"]] == ["top_up"]
    shown = people["admin"]("GET", f"/api/v1/ledger/journals/{found[0]['id']}").json()
    assert sorted(line["amount"] for line in shown["postings"]) == [-1000, 1000]
    page = people["admin"].page(f"/admin/ledger/journals/{found[0]['id']}").text
    assert "Income from services" in page
    file = people["admin"].page(f"/admin/ledger/journals.csv?ref={order.id}").text
    amounts = [line.rsplit(",", 1)[1] for line in file.strip().splitlines()]
    assert sorted(amounts) == ["-10.00", "-60.00", "10.00", "60.00", "amount"]


def test_an_admin_looks_now_and_reads_what_is_wrong(desk, people, house):
    desk.top_up("li", 500)
    assert people["admin"]("POST", "/api/v1/ledger/checks").json()["faults"] == []
    assert "The money adds up" in people["admin"].page("/admin/ledger").text
    spoil = update(LedgerAccount).where(LedgerAccount.code == ledger.CASH)
    house.db.write(lambda tx: tx.execute(spoil.values(balance_minor=LedgerAccount.balance_minor + 1)))
    assert people["admin"].form("/admin/ledger/check").status_code in (302, 303)
    page = people["admin"].page("/admin/ledger").text
    assert "2 things do not add up" in page
    assert "account asset:cash differs from its postings" in page
    made = house.db.read(lambda tx: tx.scalar(select(func.count()).select_from(LedgerCheck)))
    assert made == 2
    house.db.write(lambda tx: tx.execute(spoil.values(balance_minor=LedgerAccount.balance_minor - 1)))


def test_a_deposit_by_api_and_page(desk, people, ids):
    desk.top_up("li", 10_000)
    user, admin = ids.users["li"], people["admin"]
    made = admin("POST", f"/api/v1/wallets/{user}/holds", json={"amount": 3000, "reason": "Monitor"}).json()
    assert (made["status"], made["amount"], made["name"]) == ("held", 3000, desk_name(people))
    page = admin.form(f"/admin/deposits?user={user}", {"amount": "20.00", "reason": "Pot"})
    assert page.status_code in (302, 303)
    assert desk.wallet("li").frozen_balance == 5000
    mine = people["li"].page("/wallet").text
    assert "Set aside" in mine
    assert "Monitor" in mine
    refused = admin.form(f"/admin/deposits?user={user}", {"amount": "200.00", "reason": "Pot"})
    assert refused.status_code == 409
    mine = people["li"]("GET", "/api/v1/wallet/holds").json()["items"]
    assert {one["reason"] for one in mine} == {"Monitor", "Pot"}
    assert people["wang"]("GET", "/api/v1/wallet/holds").json()["items"] == []
    used = admin("POST", f"/api/v1/holds/{made['id']}/capture", json={"amount": 1000, "reason": "Broken"}).json()
    assert (used["status"], used["amount"], used["payment_method"]) == ("paid", 1000, "balance")
    other = next(one["id"] for one in mine if one["reason"] == "Pot")
    assert admin.form(f"/admin/deposits/{other}/release").status_code in (302, 303)
    assert (desk.wallet("li").balance, desk.wallet("li").frozen_balance) == (9000, 0)
    again = admin("POST", f"/api/v1/holds/{other}/release")
    assert (again.status_code, again.json()["code"]) == (409, "hold_ended")
    shown = admin.page(f"/admin/deposits?user={user}").text
    assert "given back" in shown
    assert "of it used" in shown


def desk_name(people):
    return people["li"]("GET", "/api/v1/me").json()["name"]
