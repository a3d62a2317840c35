"""Bills: every row, exactly, and nothing that is not the announced file."""

import io
import zipfile
from datetime import UTC, date, datetime

import pytest

from suwen.payments.gateways import NoBill, NotReady, Unknown
from suwen.payments.gateways.alipay import bills as alipay_bills
from suwen.payments.gateways.errors import Unreadable
from suwen.payments.gateways.wechat import bills as wechat_bills
from suwen.payments.gateways.wechat.client import yesterday
from tests.payments.gateways.conftest import NAMES, later, refund_of

DAY = date(2030, 1, 1)


@pytest.fixture
def busy_day(sim, begin, gateways, clock):
    """Three payments and a refund at one gateway, seen from the next day at noon."""

    def one(name: str) -> None:
        for number, amount in (("ORD20300101A1", 8000), ("ORD20300101A2", 1), ("ORD20300101A3", 123456789)):
            sim.pay(begin(name, number, amount).out_no)
            later(clock, sim, minutes=1)
        paid = sim.look("state")["payment"][0]["external_id"]
        gateways[name].refund(refund_of(paid))
        sim.look("state")
        gateways[name].query_refund(refund_of(paid))
        later(clock, sim, hours=28)

    return one


@pytest.mark.parametrize("name", NAMES)
def test_the_bill_has_every_payment_and_refund(name, busy_day, gateways, sim):
    busy_day(name)
    lines = gateways[name].bill(DAY)
    assert {(one.kind, one.out_no, one.out_refund_no, one.amount, one.currency) for one in lines} == {
        ("payment", "ORD20300101A1", "", 8000, "CNY"),
        ("payment", "ORD20300101A2", "", 1, "CNY"),
        ("payment", "ORD20300101A3", "", 123456789, "CNY"),
        ("refund", "ORD20300101A1", "RFD20300101B1", 3000, "CNY"),
    }
    first = next(one for one in lines if one.amount == 8000)
    assert first.at == datetime(2030, 1, 1, tzinfo=UTC)
    assert first.external_id == sim.look("state")["payment"][0]["external_id"]
    assert first.fee == {"wechat": 48, "alipay": 48, "card": 262}[name]
    assert len(lines) == 4


@pytest.mark.parametrize("name", NAMES)
def test_injected_differences_are_there_and_no_others(name, busy_day, gateways, sim):
    busy_day(name)
    truth = {(one.kind, one.out_no): one for one in gateways[name].bill(DAY)}
    extra = {
        "out_no": "ORD20300101ZZ",
        "external_id": "pi_9",
        "amount": 7,
        "at": datetime(2030, 1, 1, 3, tzinfo=UTC).timestamp(),
    }
    told = {"gateway": name, "missing": ["ORD20300101A2"], "amount": {"ORD20300101A1": 1}, "extra": [extra],
            "duplicate": ["ORD20300101A3"], "status": {"RFD20300101B1": "PROCESSING"}}  # fmt: skip
    sim.lever("bill", told)
    lines = gateways[name].bill(DAY)
    found = [(one.kind, one.out_no, one.amount) for one in lines]
    assert sorted(found) == sorted(
        [("payment", "ORD20300101A1", 8001), *[("payment", "ORD20300101A3", 123456789)] * 2,
         ("refund", "ORD20300101A1", 3000), ("payment", "ORD20300101ZZ", 7)]
    )  # fmt: skip
    same = next(one for one in lines if one.out_no == "ORD20300101A3")
    assert same == truth["payment", "ORD20300101A3"]
    if name != "alipay":  # its bill has no column for it
        assert next(one for one in lines if one.kind == "refund").state == "PROCESSING"


@pytest.mark.parametrize("name", ["wechat", "alipay"])
def test_a_day_without_anything_has_no_bill(name, busy_day, gateways):
    busy_day(name)
    with pytest.raises(NoBill):
        gateways[name].bill(date(2029, 12, 31))


def test_a_day_without_anything_is_an_empty_list_at_the_card_gateway(busy_day, gateways):
    busy_day("card")
    assert gateways["card"].bill(date(2029, 12, 31)) == []


def test_wechats_bill_is_made_by_ten_the_next_morning(wechat, sim, begin, clock):
    sim.pay(begin("wechat").out_no)
    later(clock, sim, hours=25)  # 09:00 in China
    with pytest.raises(NotReady):
        wechat.bill(DAY)
    assert yesterday(clock()) == date(2029, 12, 31)
    later(clock, sim, hours=1)
    assert len(wechat.bill(DAY)) == 1
    assert yesterday(clock()) == DAY


def test_alipays_bill_of_today_is_not_ready(alipay, sim, begin):
    sim.pay(begin("alipay").out_no)
    with pytest.raises(NotReady):
        alipay.bill(DAY)


@pytest.mark.parametrize("name", ["wechat", "alipay"])
def test_a_file_that_is_not_the_announced_one_is_unknown(name, busy_day, gateways, sim):
    busy_day(name)
    sim.settings(bill_hash_mismatch=True)
    with pytest.raises(Unknown):
        gateways[name].bill(DAY)
    sim.settings(bill_hash_mismatch=False)
    assert len(gateways[name].bill(DAY)) == 4


def test_the_bill_of_funds(wechat, busy_day):
    busy_day("wechat")
    flows = wechat.funds(DAY)
    assert [(one.incoming, one.amount, one.proof) for one in flows] == [
        (True, 8000, "ORD20300101A1"), (True, 1, "ORD20300101A2"), (True, 123456789, "ORD20300101A3"),
        (False, 3000, "RFD20300101B1"),
    ]  # fmt: skip
    assert flows[-1].balance == 1_000_000 + 8000 + 1 + 123456789 - 3000


def test_many_bookings_come_in_pages(card, sim, begin, clock):
    for number in range(103):
        sim.pay(begin("card", f"ORD2030{number:05d}", 100 + number).out_no)
    later(clock, sim, hours=24)
    lines = card.bill(DAY)
    assert sorted(one.amount for one in lines) == list(range(100, 203))


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n`4,", "\n`5,"),
        lambda text: "\r\n".join(line for line in text.split("\r\n") if "A2" not in line),
        lambda text: text.replace("`80.00", "80.00", 1),
        lambda text: text.replace("商户订单号", "别的"),
        lambda text: text.replace("`80.00", "`8e1", 1),
        lambda text: text.split("\r\n")[0],
        lambda text: "",
    ],
)
def test_a_bill_with_something_missing_is_unreadable(change, wechat, busy_day, sim, monkeypatch):
    busy_day("wechat")
    seen = []
    real = wechat_bills.trades
    monkeypatch.setattr(wechat_bills, "trades", lambda text: seen.append(text) or real(text))
    wechat.bill(DAY)
    broken = change(seen[0])
    assert broken != seen[0]
    with pytest.raises(Unreadable):
        real(broken)


def test_a_zip_that_was_spoilt_on_its_way_is_unreadable():
    """Wherever a byte of it is another one, or a row is longer than any: an error of the file, and none of ours."""
    file = _zip("支付宝交易号,业务类型\n" + "1,交易\n" * 300)
    errors = set()
    for place in range(0, len(file), 3):
        spoilt = file[:place] + bytes([file[place] ^ 0xFF]) + file[place + 1 :]
        try:
            alipay_bills.texts(spoilt)
        except Unreadable as error:
            errors.add(str(error))
    assert errors - {"a bill without end"} == {"a bill that cannot be unpacked"}
    with pytest.raises(Unreadable):
        alipay_bills.trades(_zip("支付宝交易号,业务类型\n" + "1" * 140_000 + ",交易\n"))


def test_a_field_without_end_is_unreadable(wechat, busy_day, monkeypatch):
    seen = []
    real = wechat_bills.trades
    monkeypatch.setattr(wechat_bills, "trades", lambda text: seen.append(text) or real(text))
    busy_day("wechat")
    wechat.bill(DAY)
    with pytest.raises(Unreadable):
        real(seen[0].replace("`80.00", "`" + "8" * 140_000, 1))


def _zip(text):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("bill.csv", text.encode("gbk"))
    return packed.getvalue()


@pytest.mark.parametrize("file", [b"", b"PK", b"no zip", b"\x1f\x8b broken"])
def test_what_is_no_file_is_unreadable(file):
    with pytest.raises(Unreadable):
        alipay_bills.trades(file)
    with pytest.raises(Unreadable):
        wechat_bills.unpacked(file or b"\x1f\x8b", "SHA1", "0" * 40)
