"""Whatever is thrown at the readers: they refuse it by name, they never stumble, and nothing forged gets through."""

import base64
import contextlib
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.payments.gateways import BadMessage, Forged, Unreadable, keys
from suwen.payments.gateways.alipay import notices as alipay_notices
from suwen.payments.gateways.alipay.signing import Trusted, members, message
from suwen.payments.gateways.amounts import china_time, fen, from_china, rounded_fen, yuan
from suwen.payments.gateways.card import signing as card_signing
from suwen.payments.gateways.redaction import redacted
from suwen.payments.gateways.wechat import messages as wechat_messages
from suwen.payments.gateways.wechat.signing import HEADERS, Ring, decrypt

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
NOW = datetime(2030, 1, 1, tzinfo=UTC)
RING = Ring({"PUB_KEY_ID_1": PEM}, lambda: NOW, None)
TRUSTED = Trusted([PEM])
SECRET = "whsec_of_the_tests"
words = st.text(max_size=40)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(st.tuples(st.sampled_from(HEADERS) | words, words), max_size=8), st.binary(max_size=200))
def test_no_headers_make_wechats_ring_stumble(headers, body):
    with pytest.raises(BadMessage):
        RING.verify(headers, body)


@given(words | st.binary(max_size=300).map(lambda raw: base64.b64encode(raw).decode()), st.binary(max_size=100))
def test_no_made_up_signature_is_genuine(signature, body):
    assert not keys.genuine(KEY.public_key(), body, signature)
    headers = [("Wechatpay-Timestamp", str(int(NOW.timestamp()))), ("Wechatpay-Nonce", "n"),
               ("Wechatpay-Serial", "PUB_KEY_ID_1"), ("Wechatpay-Signature", signature)]  # fmt: skip
    with pytest.raises(BadMessage):
        RING.verify(headers, body)


@given(st.text(alphabet="tv10=,abcdef ", max_size=60) | words, st.binary(max_size=100))
def test_no_signature_header_of_a_card_event_stumbles(header, body):
    with pytest.raises(BadMessage):
        card_signing.verify((SECRET,), [("Stripe-Signature", header)], body, NOW)


@given(st.integers(0, 2047), st.binary(min_size=1, max_size=60))
@settings(max_examples=60)
def test_no_bit_of_a_signature_may_differ(bit, body):
    raw = bytearray(base64.b64decode(keys.sign(KEY, body)))
    assert keys.genuine(KEY.public_key(), body, base64.b64encode(bytes(raw)).decode())
    raw[bit // 8] ^= 1 << bit % 8
    assert not keys.genuine(KEY.public_key(), body, base64.b64encode(bytes(raw)).decode())


@given(json_values)
def test_sealed_parts_of_any_shape_are_refused_by_name(value):
    with pytest.raises(BadMessage):
        decrypt("k" * 32, value)
    with pytest.raises(BadMessage):
        decrypt(
            "k" * 32, {"algorithm": "AEAD_AES_256_GCM", "nonce": value, "ciphertext": value, "associated_data": value}
        )


@given(
    st.dictionaries(
        st.sampled_from(["trade_state", "amount", "out_trade_no", "success_time", "status", "refund_id"]), json_values
    )
)
def test_objects_of_any_shape_are_read_or_refused_by_name(found):
    for read in (wechat_messages.answer, wechat_messages.refund_answer):
        try:
            read(found)
        except Unreadable:
            continue


@given(st.binary(max_size=300))
def test_any_bytes_are_json_or_unreadable(raw):
    with contextlib.suppress(Unreadable):
        assert isinstance(wechat_messages.read(raw), dict)


@given(st.dictionaries(words.filter(lambda one: one != "sign"), json_values, max_size=5), words)
def test_the_text_that_was_signed_is_found_exactly(found, extra):
    """Whatever stands in names and values: braces, quotes, escapes."""
    inner = json.dumps(found, ensure_ascii=False).replace("/", "\\/")
    whole = ' {"alipay_x_response" : ' + inner + f' ,"sign":{json.dumps(extra)}}} '
    assert members(whole)["alipay_x_response"] == inner
    assert json.loads(members(whole)["sign"]) == extra


@given(words)
def test_any_text_has_members_or_is_unreadable(text):
    for one in (text, "{" + text, "{" + text + "}", '{"a":1' + text):
        try:
            members(one)
        except Unreadable:
            continue


def test_an_object_that_names_itself_twice_is_unreadable():
    for text in ('{"a":{},"a":{}}', '{"a":1}{"a":1}', "[" * 5000, '{"a":' * 5000, ""):
        with pytest.raises(Unreadable):
            members(text)


forms = st.dictionaries(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=8),
    st.text(st.characters(codec="utf-8"), max_size=20),
    max_size=6,
)


@given(forms)
@settings(max_examples=40)
def test_a_form_is_believed_only_as_it_was_signed(form):
    form = {
        name: value for name, value in form.items() if name not in ("sign", "sign_type", "charset", "alipay_cert_sn")
    }
    signed = form | {"sign_type": "RSA2", "sign": keys.sign(KEY, message(form))}
    alipay_notices.verify(TRUSTED, signed)
    for name, value in form.items():
        with pytest.raises(Forged):
            alipay_notices.verify(TRUSTED, signed | {name: value + "x"})
    with pytest.raises(Forged):
        alipay_notices.verify(
            TRUSTED, signed | {"new": "value"} if "new" not in form else signed | {"new": form["new"] + "x"}
        )
    with pytest.raises(Forged):
        alipay_notices.verify(TRUSTED, signed | {"sign_type": "RSA"})


@given(st.binary(max_size=300))
def test_any_bytes_are_a_form_or_unreadable(raw):
    with contextlib.suppress(Unreadable):
        alipay_notices.fields(raw)


@given(st.integers(1, 10_000_000_000))
def test_yuan_and_fen_are_the_same_money(minor):
    text = yuan(minor)
    assert Decimal(text) * 100 == minor
    assert fen(text) == minor == rounded_fen(text)
    assert fen("-" + text) == -minor


@pytest.mark.parametrize("minor", [0, -1, 10_000_000_001])
def test_what_no_gateway_takes_is_no_amount(minor):
    with pytest.raises(ValueError):
        yuan(minor)


@given(words)
def test_any_text_is_an_amount_or_unreadable(text):
    with contextlib.suppress(Unreadable):
        assert fen(text) == Decimal(text) * 100


@pytest.mark.parametrize(
    "text", ["1,000.00", " 1", "1 ", "+1", "1e2", "٣", "1.234", ".5", "5.", "1_0", "0x1", "NaN", "¥1", "--1"]
)
def test_what_only_looks_like_an_amount(text):
    with pytest.raises(Unreadable):
        fen(text)


def test_fees_are_rounded_to_coins():
    found = [rounded_fen(one) for one in ("0.00500", "0.00499", "0.48000", "-0.00500", "12")]
    assert found == [1, 0, 48, -1, 1200]


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)))
def test_china_has_one_time(moment):
    whole = moment.replace(microsecond=0, tzinfo=UTC)
    assert from_china(china_time(whole)) == whole


@given(json_values)
def test_anything_can_be_kept(value):
    json.dumps(redacted(value, b"pepper"))
