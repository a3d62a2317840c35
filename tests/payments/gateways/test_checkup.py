"""`suwen check` about payments: in plain words, with the way out."""

import dataclasses
from datetime import timedelta

import pytest

from suwen.payments import checkup
from suwen.payments.checkup import findings

pytestmark = pytest.mark.usefixtures("set_up_by_hand")


def said(settings):
    return {one.name: one for one in findings(settings)}


def test_nothing_set_up_is_a_note_each(house, settings):
    found = said(settings)
    assert {one.state for one in found.values()} == {"note"}
    assert set(found) == {"WeChat Pay", "Alipay", "Cards"}
    assert all("docs/operators/payments.md" in one.fix for one in found.values())


def test_half_set_up_is_bad_and_names_what_is_missing(house, settings, monkeypatch):
    monkeypatch.setenv("SUWEN_CARD_SECRET_KEY", "sk_live_1")
    found = said(settings)["Cards"]
    assert found.state == "bad"
    assert "SUWEN_CARD_WEBHOOK_SECRETS is missing" in found.words
    assert "sk_live_1" not in found.words


def test_what_is_set_up_is_looked_at_as_a_whole(house, settings, sim, monkeypatch, clock):
    for name, value in sim.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SUWEN_ALIPAY_PUBLIC_KEY_FILES", str(sim.folder / "alipay.crt.pem"))
    monkeypatch.setattr(checkup, "utc_now", clock)
    found = said(settings)
    assert {found[name].state for name in ("WeChat Pay", "Alipay", "Cards")} == {"ok"}
    assert found["clock, WeChat Pay"].state == "ok", found["clock, WeChat Pay"]
    assert found["reports of payments"].state == "note"
    assert "is not https" in found["reports of payments"].words
    assert found["SUWEN_ALIPAY_PUBLIC_KEY_FILES"].state == "ok"
    clock.advance(minutes=7)
    assert "420 seconds ahead" in said(settings)["clock, Alipay"].words
    clock.now += timedelta(days=365 * 40)
    assert said(settings)["SUWEN_ALIPAY_PUBLIC_KEY_FILES"].state == "bad"
    inside = dataclasses.replace(settings, base_url="https://127.0.0.1")
    assert "not reachable from the internet" in said(inside)["reports of payments"].words


def test_a_gateway_that_cannot_be_reached_is_told(house, settings, sim, monkeypatch):
    for name, value in sim.environment.items():
        if "CARD" in name:
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("SUWEN_CARD_BASE", "http://127.0.0.1:9")
    assert "cannot be reached" in said(settings)["clock, Cards"].words
