"""The test of a connection: good, or what is wrong with it in plain words."""

import pytest

from tests.payments.gateways.setting_up import API, PAGE, save, values

pytestmark = pytest.mark.usefixtures("set_up_by_hand")

WRONG = {
    "key of wechat": ("wechat", "private_key", "stranger.pem", "key"),
    "key of alipay": ("alipay", "private_key", "stranger.pem", "key"),
    "key of the platform": ("wechat", "public_key", "alipay.pub.pem", "their_key"),
    "key of their side": ("alipay", "public_keys", "wechat-public.pub.pem", "their_key"),
    "key of cards": ("card", "secret_key", None, "key"),
    "no such app": ("alipay", "app_id", None, "account"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_setting_is_told_in_plain_words(case, sim, house, people):
    gateway, key, file, code = WRONG[case]
    admin = people["admin"]
    wrong = (sim.folder / file).read_text() if file else "sk_live_other"
    save(admin, gateway, values(sim, gateway) | {key: wrong})
    told = admin("POST", f"{API}/{gateway}/tests", json={}).json()
    assert (told["state"], told["code"]) == ("bad", code), told
    assert told["words"]
    assert told["fix"]
    shown = admin.form(PAGE + gateway + "/test")
    assert shown.status_code == 200
    assert "notice-bad" in shown.text


@pytest.mark.parametrize("gateway", ["wechat", "alipay"])
def test_a_wrong_clock_is_told_as_one(gateway, sim, house, people, clock):
    admin = people["admin"]
    save(admin, gateway, values(sim, gateway))
    clock.advance(minutes=20)
    told = admin("POST", f"{API}/{gateway}/tests", json={}).json()
    assert (told["state"], told["code"]) == ("bad", "clock"), told


def test_a_clock_that_is_a_little_wrong_is_a_note(sim, house, people, clock):
    admin = people["admin"]
    save(admin, "wechat", values(sim, "wechat"))
    clock.advance(minutes=2)
    assert admin("POST", f"{API}/wechat/tests", json={}).json()["code"] == "clock_off"


def test_nobody_there_and_busy_are_told_apart(sim, house, people):
    admin = people["admin"]
    save(admin, "alipay", values(sim, "alipay") | {"base": "http://127.0.0.1:9"})
    assert admin("POST", f"{API}/alipay/tests", json={}).json()["code"] == "unreachable"
    save(admin, "card", values(sim, "card"))
    sim.fault(gateway="card", path="/v1/", what="429", times=1)
    assert admin("POST", f"{API}/card/tests", json={}).json()["code"] == "busy"
    sim.fault(gateway="card", path="/v1/", what="500", times=1)
    assert admin("POST", f"{API}/card/tests", json={}).json()["code"] == "unknown"


def test_nothing_can_be_tested_where_nothing_is_set_up(house, people):
    refused = people["admin"]("POST", f"{API}/card/tests", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_set_up")
    assert people["admin"]("POST", f"{API}/cheques/tests", json={}).status_code == 404
    assert people["admin"].page(PAGE + "cheques").status_code == 404
