"""What an operator sets: understood, or refused with words that name the setting and not its value."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from suwen.payments.gateways.configuration import MEANINGS, BadConfiguration, configured, opened, unsafe
from suwen.settings import new_field_key

ROOT = Path(__file__).resolve().parents[3]


def test_all_three_of_the_simulator_are_opened_outside_production(gateways):
    assert list(gateways) == ["wechat", "alipay", "card"]


def test_nothing_set_is_nothing_opened(around):
    assert opened({"SUWEN_SECRET": "x"}, around, production=True) == {}


def test_every_name_the_simulator_prints_has_a_meaning(sim):
    assert set(sim.environment) <= set(MEANINGS)
    assert configured(sim.environment) == ["wechat", "alipay", "card"]


def test_production_refuses_the_simulators_keys_and_addresses_one_by_one(sim, around):
    with pytest.raises(BadConfiguration) as refused:
        opened(sim.environment, around, production=True)
    told = str(refused.value)
    for name in sim.environment:
        if name not in ("SUWEN_WECHAT_SERIAL",):
            assert name in told, name
    for name, value in sim.environment.items():
        if not value.startswith("http"):
            assert value not in told, name


def test_a_key_file_of_the_simulator_is_known_wherever_it_lies(sim, tmp_path):
    for name in ("merchant.pem", "alipay.pub.pem", "alipay-app.crt.pem"):
        copy = tmp_path / "key.pem"
        copy.write_text((sim.folder / name).read_text())
        assert unsafe({"SUWEN_WECHAT_PRIVATE_KEY_FILE": str(copy)}) == [
            "SUWEN_WECHAT_PRIVATE_KEY_FILE is of the payment simulator"
        ]


def test_real_looking_settings_are_safe(tmp_path):
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = tmp_path / "key.pem"
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    told = {"SUWEN_WECHAT_MCHID": "1900000109", "SUWEN_WECHAT_PRIVATE_KEY_FILE": str(key),
        "SUWEN_CARD_SECRET_KEY": "sk_live_1",
            "SUWEN_WECHAT_BASE": "https://api.mch.weixin.qq.com"}  # fmt: skip
    assert unsafe(told) == []
    assert unsafe(told | {"SUWEN_WECHAT_BASE": "http://api.mch.weixin.qq.com"}) == [
        "SUWEN_WECHAT_BASE must begin with https://"
    ]
    assert unsafe({"SUWEN_CARD_SECRET_KEY": "sk_test_1"}) == ["SUWEN_CARD_SECRET_KEY is a key for tests"]


@pytest.mark.parametrize("name", ["SUWEN_WECHAT_APIV3_KEY", "SUWEN_ALIPAY_SELLER_ID", "SUWEN_CARD_WEBHOOK_SECRETS"])
def test_half_a_gateway_is_refused(name, sim, around):
    with pytest.raises(BadConfiguration, match=f"{name} is missing"):
        opened(sim.environment | {name: ""}, around, production=False)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SUWEN_WECHAT_APIV3_KEY", "short", "32 bytes"),
        ("SUWEN_WECHAT_PRIVATE_KEY_FILE", "/nowhere.pem", "cannot be read"),
        ("SUWEN_WECHAT_PUBLIC_KEY_ID", "", "platform"),
        ("SUWEN_ALIPAY_PRIVATE_KEY_FILE", __file__, "private key"),
        ("SUWEN_ALIPAY_PUBLIC_KEY_FILES", ",", "key of Alipay"),
        ("SUWEN_CARD_WEBHOOK_SECRETS", ",", "secret"),
    ],
)
def test_what_cannot_be_used_is_named(name, value, words, sim, around):
    with pytest.raises(BadConfiguration, match=words):
        opened(sim.environment | {name: value}, around, production=False)


@pytest.mark.parametrize("command", [["-m", "suwen.cli", "paysim"], ["-c", "import suwen.paysim"]])
def test_the_simulator_does_not_start_in_production(command, tmp_path):
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "SUWEN_PRODUCTION": "1"}
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, timeout=60, cwd=tmp_path, env=env)
    assert done.returncode != 0
    assert "takes no part in production" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_nothing_of_the_clinic_imports_the_simulator():
    """The contract of the layers says it too; this says that not even the server's process has it."""
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    code = (
        "import sys, suwen.app, suwen.payments.gateways.configuration as c; "
        "print([m for m in sys.modules if 'paysim' in m])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, env=env)
    assert done.stdout.strip() == "[]", done.stderr


def test_the_simulators_keys_are_the_owners_alone(sim):
    for path in [*sim.folder.glob("*.secret"), sim.folder / "merchant.pem", sim.folder / "paysim.env"]:
        assert path.stat().st_mode & 0o077 == 0, path.name


def test_a_server_in_production_refuses_to_start_on_the_simulator(sim, tmp_path):
    safe = {"SUWEN_PRODUCTION": "1", "SUWEN_SECRET": "s" * 40, "SUWEN_FIELD_KEYS": new_field_key(),
            "SUWEN_BASE_URL": "https://clinic.example", "SUWEN_DATA_DIR": str(tmp_path)}  # fmt: skip
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src"), **safe}
    code = (
        "from suwen.app import build_house; from suwen.settings import Settings; "
        "build_house(Settings.from_environment())"
    )

    def start(more: dict[str, str]) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", code]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path, env=env | more)

    refused = start(sim.environment)
    assert refused.returncode != 0
    assert "SUWEN_ALIPAY_PRIVATE_KEY_FILE is of the payment simulator" in refused.stderr
    assert "SUWEN_CARD_BASE must begin with https://" in refused.stderr
    unreadable = start({"SUWEN_ALIPAY_PRIVATE_KEY_FILE": "/nowhere.pem"})
    assert "cannot be read" in unreadable.stderr
    fine = start({"SUWEN_WECHAT_MCHID": "1900000109"})
    assert fine.returncode == 0, fine.stderr
