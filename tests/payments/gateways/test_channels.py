"""Gateways that an administrator sets up on a page: sealed, masked, tested, noticed by every process."""

import dataclasses
import os

import pytest
from sqlalchemy import select, text, update

from suwen.app import SEALED, build_house
from suwen.core import sealed
from suwen.core.audit import AuditEvent
from suwen.payments.config_fields import FIELDS
from suwen.payments.gateways.configuration import MEANINGS
from suwen.payments.models import PaymentConfig
from suwen.payments.service import attempts, configs
from suwen.payments.service.channels import channels_of, gateways_of
from suwen.settings import new_field_key
from tests.payments.gateways.setting_up import API, PAGE, another, save, values
from tests.support.cast import PASSWORD
from tests.support.racing import race

pytestmark = pytest.mark.usefixtures("set_up_by_hand")


def rows_of(house):
    return house.db.read(lambda tx: [(row.config_key, row.config_value, row.is_encrypted)
                                     for row in tx.scalars(select(PaymentConfig))])  # fmt: skip


def view(admin, gateway):
    return next(one for one in admin("GET", API).json() if one["gateway"] == gateway)


@pytest.mark.parametrize("gateway", ["wechat", "alipay", "card"])
def test_what_is_typed_on_the_page_opens_the_gateway(gateway, sim, house, people):
    admin, typed = people["admin"], values(sim, gateway)
    assert gateways_of(house.db) == {}
    assert view(admin, gateway)["state"] == "none"
    saved = save(admin, gateway, typed)
    assert saved.status_code == 200, saved.text
    assert (saved.json()["state"], saved.json()["sources"], saved.json()["missing"]) == ("ready", ["database"], [])
    assert list(gateways_of(house.db)) == [gateway]
    tested = admin("POST", f"{API}/{gateway}/tests", json={})
    assert (tested.json()["state"], tested.json()["code"]) == ("ok", "ok"), tested.text


@pytest.mark.parametrize("gateway", ["wechat", "alipay", "card"])
def test_no_value_comes_back_and_none_lies_open(gateway, sim, house, people):
    admin, typed = people["admin"], values(sim, gateway)
    saved = save(admin, gateway, typed)
    seen = saved.text + admin("GET", API).text + admin.page("/admin/payments").text + admin.page(PAGE + gateway).text
    stored = repr(rows_of(house))
    for key, value in typed.items():
        if not value.startswith("http"):
            assert value not in seen, key
            assert value[:-4] not in seen, key
        assert value not in stored, key
    assert all(is_encrypted for key, _, is_encrypted in rows_of(house) if key != "revision")
    assert "BEGIN" not in stored


@pytest.mark.parametrize(("language", "words"), [("en", "There is no such setting."), ("zh-CN", "没有这项设置。")])
def test_a_setting_that_does_not_exist_is_refused_in_both_languages(house, people, language, words):
    body, reader = {"values": {"colour": "red"}}, {"cookie": f"lang={language}"}
    refused = people["admin"]("PUT", f"{API}/card/settings", json=body, headers=reader)
    assert refused.status_code == 422
    assert words in refused.text
    assert rows_of(house) == []


def test_nothing_is_saved_by_who_has_not_just_proved_who_they_are(sim, house, people):
    admin = people["admin"]
    refused = admin("PUT", f"{API}/card/settings", json={"values": values(sim, "card")})
    assert (refused.status_code, refused.json()["code"]) == (403, "confirmation_needed")
    refused = admin("PUT", f"{API}/card/offers", json={"enabled": False})
    assert refused.json()["code"] == "confirmation_needed"
    assert rows_of(house) == []


def test_the_page_takes_the_password_with_the_form(sim, house, people):
    admin, typed = people["admin"], values(sim, "card")
    wrong = admin.form(PAGE + "card", typed | {"revision": "0", "password": "not this one"})
    assert wrong.status_code == 422
    assert rows_of(house) == []
    for secret in ("secret_key", "webhook_secrets"):
        assert typed[secret] not in wrong.text  # also not what was typed a moment ago
    done = admin.form(PAGE + "card", typed | {"revision": "0", "password": PASSWORD})
    assert done.status_code == 303
    assert view(admin, "card")["state"] == "ready"


def test_a_refused_form_does_not_repeat_a_pasted_key(sim, house, people):
    admin, typed = people["admin"], values(sim, "wechat")
    refused = admin.form(PAGE + "wechat", typed | {"apiv3_key": "short", "revision": "0", "password": PASSWORD})
    assert refused.status_code == 422
    assert "32 个字符" in refused.text or "32 characters" in refused.text
    assert "BEGIN PRIVATE KEY" not in refused.text
    assert rows_of(house) == []


@pytest.mark.parametrize(
    ("gateway", "key", "value"),
    [
        ("wechat", "apiv3_key", "x" * 31),
        ("wechat", "private_key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"),
        ("wechat", "private_key", "/etc/passwd"),
        ("wechat", "mchid", "19000 00109"),
        ("wechat", "mchid", '19"0'),
        ("wechat", "certificates", "yes"),
        ("alipay", "public_keys", "nothing"),
        ("alipay", "app_certificate", "nothing"),
        ("alipay", "base", "ftp://alipay.example"),
        ("alipay", "base", "https://alipay.example/gateway.do"),
        ("card", "secret_key", "sk_live_\n"),
        ("card", "secret_key", "ｓｋ_live"),
        ("card", "nonsense", "1"),
    ],
)
def test_what_cannot_be_right_is_refused_at_its_field(gateway, key, value, house, people):
    refused = save(people["admin"], gateway, {key: value + "x" if value.endswith("\n") else value})
    assert refused.status_code == 422, refused.text
    assert list(refused.json()["fields"]) == [key]
    assert rows_of(house) == []


def test_a_row_is_never_the_name_of_a_file(sim, house, people):
    """Or whoever may write rows could have the server read its own files."""
    admin = people["admin"]
    save(admin, "wechat", values(sim, "wechat"))
    key = house.db.read(lambda tx: tx.scalar(select(PaymentConfig).where(PaymentConfig.config_key == "private_key")))

    def name_a_file(tx):
        row = tx.get_one(PaymentConfig, key.id)
        sealed.seal(tx, row, "config_value", sim.environment["SUWEN_WECHAT_PRIVATE_KEY_FILE"])

    house.db.write(name_a_file)
    house.db.write(lambda tx: tx.execute(update(PaymentConfig).where(PaymentConfig.config_key == "revision").values(
        config_value="7")))  # fmt: skip
    assert gateways_of(house.db) == {}
    assert "private key" in channels_of(house.db).wrong["wechat"][0]


def test_the_environment_wins(sim, house, people, monkeypatch):
    admin = people["admin"]
    save(admin, "card", values(sim, "card"))
    monkeypatch.setenv("SUWEN_CARD_SECRET_KEY", "sk_test_another")
    one = view(admin, "card")
    assert one["sources"] == ["database", "environment"]
    field = next(field for field in one["fields"] if field["key"] == "secret_key")
    assert (field["source"], field["shown"]) == ("environment", "••••ther")


def test_keys_in_the_environment_may_be_text_in_rows_or_both(sim, house, people, monkeypatch):
    rest = values(sim, "alipay")
    key = rest.pop("private_key")
    monkeypatch.setenv("SUWEN_ALIPAY_PRIVATE_KEY_FILE", sim.environment["SUWEN_ALIPAY_PRIVATE_KEY_FILE"])
    assert save(people["admin"], "alipay", rest).json()["state"] == "ready"
    assert list(gateways_of(house.db)) == ["alipay"]
    assert key not in repr(rows_of(house))


def test_the_second_process_notices_and_forgets_the_old_gateway(sim, house, settings, people, clock):
    admin = people["admin"]
    with another(settings, clock) as other:
        assert gateways_of(other.db) == {}
        save(admin, "card", values(sim, "card"))
        first = gateways_of(other.db)["card"]
        assert gateways_of(other.db)["card"] is first  # not opened anew for each question
        assert first.creds.publishable_key == sim.environment["SUWEN_CARD_PUBLISHABLE_KEY"]
        save(admin, "card", {"publishable_key": "pk_other"}, revision=1)
        assert gateways_of(other.db)["card"].creds.publishable_key == "pk_other"
        assert gateways_of(house.db)["card"].creds.publishable_key == "pk_other"


def test_the_keys_of_the_rows_can_be_rotated(sim, house, settings, people, clock):
    """As `suwen rotate-keys` does it; afterwards a server that has only the new key reads them."""
    admin = people["admin"]
    save(admin, "wechat", values(sim, "wechat"))
    admin.confirm()
    offers = {"enabled": True, "scenes": ["qr"], "revision": 1}
    assert admin("PUT", f"{API}/wechat/offers", json=offers).status_code == 200
    before = {key: value for key, value, _ in rows_of(house)}
    assert (PaymentConfig, "config_value") in SEALED
    fresh = new_field_key()
    with another(dataclasses.replace(settings, field_keys=f"{fresh},{settings.field_keys}"), clock) as both:
        done = both.db.write(lambda tx: sealed.rotate(tx, PaymentConfig, "config_value"))
        assert done == len(values(sim, "wechat"))
        assert both.db.write(lambda tx: sealed.rotate(tx, PaymentConfig, "config_value")) == 0
    after = {key: value for key, value, _ in rows_of(house)}
    for key in after:
        assert (before[key] == after[key]) is (key in ("revision", "enabled", "scenes")), key
    with another(dataclasses.replace(settings, field_keys=fresh), clock) as later:
        assert gateways_of(later.db)["wechat"].creds.mchid == sim.environment["SUWEN_WECHAT_MCHID"]
        assert later.db.read(attempts.offered) == {"wechat": {"qr", "app"}}


def test_a_lost_field_key_is_said_and_stops_only_this_gateway(sim, house, people, monkeypatch):
    admin = people["admin"]
    save(admin, "card", values(sim, "card"))
    house.db.write(lambda tx: tx.execute(
        text("UPDATE payment_configs SET config_value = 'gone:AAAA' WHERE config_key = 'secret_key'")
    ))  # fmt: skip
    for name, value in sim.environment.items():
        if "WECHAT" in name:
            monkeypatch.setenv(name, value)
    one = view(admin, "card")
    assert one["state"] == "incomplete"
    assert any("field keys" in problem for problem in one["problems"])
    house.db.write(lambda tx: tx.execute(
        text("UPDATE payment_configs SET config_value = '9' WHERE config_key = 'revision'")
    ))  # fmt: skip
    assert list(gateways_of(house.db)) == ["wechat"]
    assert admin.page(PAGE + "card").status_code == 200


def test_a_row_that_was_written_past_us_is_not_believed(sim, house, people):
    admin = people["admin"]
    save(admin, "card", values(sim, "card"))
    house.db.write(lambda tx: tx.execute(text(
        "UPDATE payment_configs SET config_value = 'https://thief.example', is_encrypted = 0 WHERE config_key = 'base'"
    )))  # fmt: skip
    assert view(admin, "card")["state"] == "incomplete"
    assert house.db.write(lambda tx: sealed.rotate(tx, PaymentConfig, "config_value")) == 0


def test_of_two_who_save_at_once_one_is_told(sim, house, people):
    admin = people["admin"].confirm()
    actor, now = admin.actor, house.clock()
    from suwen.payments.errors import ConfigChanged
    from suwen.payments.schemas.channels import ConfigInput

    for revision in (0, 1):  # the first row, and every later one

        def work(name, revision=revision):
            entry = ConfigInput(values={"publishable_key": name}, revision=revision)
            return lambda: house.db.write(lambda tx: configs.save(tx, actor, "card", entry, now))

        ended = race(*(work(f"pk_{number}") for number in range(4)))
        assert sorted(type(one).__name__ for one in ended) == ["ConfigChanged"] * 3 + ["NoneType"]
        assert all(one is None or isinstance(one, ConfigChanged) for one in ended)
    stale = save(people["admin"], "card", {"publishable_key": "pk_late"}, revision=1)
    assert (stale.status_code, stale.json()["code"]) == (409, "config_changed")


def test_a_setting_is_removed_and_each_change_is_on_the_trail(sim, house, people):
    admin = people["admin"]
    save(admin, "card", values(sim, "card"))
    gone = save(admin, "card", {}, revision=1, clear=["webhook_secrets"])
    assert gone.json()["missing"] == ["webhook_secrets"]
    assert gateways_of(house.db) == {}
    trail = house.db.read(lambda tx: tx.execute(select(AuditEvent.object_id, AuditEvent.purpose).where(
        AuditEvent.kind == "payment_config").order_by(AuditEvent.id)).all())  # fmt: skip
    assert [row.object_id for row in trail] == ["card", "card"]
    assert "secret_key" in trail[0].purpose
    assert trail[1].purpose == "-webhook_secrets"
    assert sim.environment["SUWEN_CARD_SECRET_KEY"] not in repr(trail)


def test_production_refuses_what_is_the_simulators(sim, house, people):
    house.db.settings = dataclasses.replace(house.settings, production=True)
    for maker in (house.db._writes, house.db._reads):
        maker.kw["info"]["settings"] = house.db.settings
    for gateway in ("wechat", "alipay", "card"):
        refused = save(people["admin"], gateway, values(sim, gateway))
        assert refused.status_code == 422, gateway
        assert "base" in refused.json()["fields"]
    for key, value in (
        ("secret_key", "sk_test_1"),
        ("base", "http://api.stripe.com"),
        ("publishable_key", "pk_test_1"),
    ):
        refused = save(people["admin"], "card", {key: value})
        assert list(refused.json()["fields"]) == [key]
    assert rows_of(house) == []
    assert save(people["admin"], "card", {"secret_key": "sk_live_1"}).status_code == 200


def test_production_does_not_start_on_rows_of_the_simulator(sim, house, settings, people, clock):
    save(people["admin"], "card", values(sim, "card"))
    production = dataclasses.replace(settings, production=True, base_url="https://clinic.example")
    with pytest.raises(SystemExit, match="SUWEN_CARD_BASE must begin with https"):
        build_house(production)
    now = house.clock()
    assert house.db.write(lambda tx: configs.forget(tx, "card", now)) == len(values(sim, "card"))
    with another(production, clock) as started:
        assert gateways_of(started.db) == {}


def test_people_are_offered_what_is_set_up_and_switched_on(sim, house, people):
    admin = people["admin"]

    def offered():
        found = house.db.read(attempts.offered)
        return {name: tuple(sorted(scenes)) for name, scenes in found.items()}

    assert offered() == {}
    save(admin, "wechat", values(sim, "wechat"))
    assert offered() == {"wechat": ("app", "inside", "phone", "qr")}
    admin.confirm()
    changed = admin("PUT", f"{API}/wechat/offers", json={"enabled": True, "scenes": ["qr"], "revision": 1})
    assert changed.json()["scenes"] == ["qr"]
    assert offered() == {"wechat": ("app", "qr")}
    admin.confirm()
    off = admin.form(PAGE + "wechat/offers", {"revision": "2", "scenes": "qr", "password": PASSWORD})
    assert off.status_code == 303
    assert offered() == {"wechat": ()}
    assert list(gateways_of(house.db)) == ["wechat"]  # what is under way goes on
    admin.confirm()
    refused = admin("PUT", f"{API}/wechat/offers", json={"enabled": True, "scenes": ["page"], "revision": 3})
    assert refused.status_code == 422
    assert offered() == {"wechat": ()}


def test_the_form_knows_every_setting():
    from suwen.payments.config_fields import LABELS
    from suwen.payments.schemas.channels import ConfigForm

    keys = {one.key for fields in FIELDS.values() for one in fields}
    assert keys == set(ConfigForm.__struct_fields__) - {"clear", "revision", "password", "code"}
    assert set(LABELS) == set(MEANINGS)
    assert os.environ.get("SUWEN_WECHAT_MCHID") is None
