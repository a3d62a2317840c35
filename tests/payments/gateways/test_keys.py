"""The platform's keys: several at once, fetched when one is not known, never more often than once a minute."""

from dataclasses import replace

import pytest

from suwen.payments.gateways import Forged, Unauthentic
from suwen.payments.gateways.alipay import Alipay
from suwen.payments.gateways.keys import BadKey, private_key, public_key
from suwen.payments.gateways.wechat import WeChat
from tests.payments.gateways.conftest import attempt, later


@pytest.fixture
def with_certificates(sim, around, wechat):
    """The same merchant, from before there were public keys."""
    sim.settings(wechat_signer="certificate")
    creds = replace(wechat.creds, platform_keys={}, certificates=True)
    return WeChat(creds, around, (sim.url, sim.backup))


def test_certificates_are_fetched_once_and_believed(with_certificates, sim, clock, shop):
    with_certificates.create(attempt(clock, shop))
    with_certificates.query("ORD20300101A1")
    assert len(sim.calls("/v3/certificates")) == 1


def test_a_new_certificate_is_learned_of_and_the_old_one_still_counts(with_certificates, sim, clock, shop, begin):
    shop.answer = lambda headers, body: (500, b"")
    with_certificates.query("ORD20300101XX")
    later(clock, sim, minutes=2)
    sim.settings(wechat_certificates=[1, 2], wechat_active=2)
    assert with_certificates.create(attempt(clock, shop)).kind == "qr"
    assert len(sim.calls("/v3/certificates")) == 2
    sim.settings(wechat_active=1)
    assert with_certificates.query("ORD20300101A1").state == "pending"
    sim.settings(wechat_active=2)
    sim.pay("ORD20300101A1")
    sim.deliver()
    assert with_certificates.read_notification(*shop.last).payment.state == "paid"
    assert len(sim.calls("/v3/certificates")) == 2


def test_unknown_serials_make_nobody_ask_more_than_once_a_minute(with_certificates, sim, clock, shop):
    with_certificates.create(attempt(clock, shop))
    shop.answer = lambda headers, body: (500, b"")
    sim.fault(gateway="wechat", what="unknown_serial", times=-1)
    sim.pay("ORD20300101A1")
    sim.deliver()
    for wait, asked in ((0, 1), (59, 1), (2, 2), (9, 2), (60, 3)):
        later(clock, sim, seconds=wait)
        with pytest.raises(Forged):
            with_certificates.read_notification(*shop.last)
        assert len(sim.calls("/v3/certificates")) == asked, wait


def test_a_certificate_that_is_not_the_platforms_is_not_learned(with_certificates, sim, clock, shop):
    """Answered by somebody who has not the APIv3 key, or whose answer nobody of the list has signed."""
    sim.fault(gateway="wechat", path="/v3/certificates", what="bad_signature")
    with pytest.raises(Unauthentic):
        with_certificates.query("ORD20300101XX")
    assert with_certificates.ring.serials() == []
    wrong = WeChat(replace(with_certificates.creds, apiv3_key="x" * 32), with_certificates.around, (sim.url,))
    with pytest.raises(Unauthentic):
        wrong.query("ORD20300101XX")
    assert wrong.ring.serials() == []


def test_while_a_merchant_moves_to_the_public_key_both_count(sim, around, wechat, clock, shop):
    both = WeChat(replace(wechat.creds, certificates=True), around, (sim.url,))
    both.create(attempt(clock, shop))  # answered with the public key, for the request named it
    sim.settings(wechat_signer="certificate")
    shop.answer = lambda headers, body: (500, b"")
    sim.pay("ORD20300101A1")
    sim.deliver()
    assert both.read_notification(*shop.last).payment.state == "paid"
    with pytest.raises(Forged):
        wechat.read_notification(*shop.last)


def test_alipay_with_certificates(sim, around, alipay, clock, shop, begin):
    folder = sim.folder
    texts = {
        name: (folder / f"{name}.crt.pem").read_text() for name in ("alipay-app", "alipay-root", "alipay", "wechat-1")
    }
    creds = replace(
        alipay.creds,
        app_certificate=texts["alipay-app"],
        root_certificates=texts["alipay-root"],
        alipay_keys=(texts["alipay"],),
    )
    secure = Alipay(creds, around, sim.url)
    assert secure.create(attempt(clock, shop, scene="qr")).kind == "qr"
    other = Alipay(replace(creds, alipay_keys=(texts["wechat-1"],)), around, sim.url)
    with pytest.raises(Unauthentic):
        other.create(attempt(clock, shop, scene="qr"))
    both = Alipay(replace(creds, alipay_keys=(texts["wechat-1"], texts["alipay"])), around, sim.url)
    assert both.create(attempt(clock, shop, scene="qr")).kind == "qr"
    strange = Alipay(replace(creds, app_certificate=texts["wechat-1"]), around, sim.url)
    with pytest.raises(Exception, match="app-cert-sn"):
        strange.create(attempt(clock, shop, scene="qr"))


def test_alipay_with_two_keys_while_one_is_changed(sim, around, alipay, clock, shop):
    stranger = private_key((sim.folder / "stranger.pem").read_text()).public_key()
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    pem = stranger.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    both = Alipay(replace(alipay.creds, alipay_keys=(pem, *alipay.creds.alipay_keys)), around, sim.url)
    assert both.create(attempt(clock, shop, scene="qr")).kind == "qr"
    with pytest.raises(Unauthentic):
        Alipay(replace(alipay.creds, alipay_keys=(pem,)), around, sim.url).create(attempt(clock, shop, scene="qr"))


@pytest.mark.parametrize("text", ["", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "AAAA"])
def test_what_is_no_key_is_told_without_showing_it(text):
    for read in (private_key, public_key):
        with pytest.raises(BadKey) as refused:
            read(text)
        assert not text or text not in str(refused.value)


def test_short_keys_are_refused():
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    curve = ec.generate_private_key(ec.SECP256R1())
    for key in (short, curve):
        with pytest.raises(BadKey):
            private_key(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())
        with pytest.raises(BadKey):
            public_key(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())


def test_credentials_do_not_show_their_keys(gateways):
    for gateway in gateways.values():
        shown = repr(gateway.creds)
        assert "PRIVATE" not in shown
        assert "whsec" not in shown
        assert "sk_test" not in shown
