"""The keys of both sides, made once in a folder, and the environment of a Suwen that is to use them.

Everything here is marked as the simulator's (`paysim`, `sim`), and Suwen refuses marked keys in production.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

MARK = "paysim: a key of the payment simulator, worthless anywhere else\n"
RSA = ("merchant", "wechat-public", "wechat-1", "wechat-2", "stranger", "alipay-root", "alipay", "alipay-app")
CERTIFIED = {"wechat-1": "wechat-1", "wechat-2": "wechat-2", "alipay": "alipay-root", "alipay-app": "alipay-root",
             "alipay-root": "alipay-root"}  # fmt: skip
BEGIN, YEARS = datetime(2020, 1, 1, tzinfo=UTC), timedelta(days=365 * 40)


@dataclass(frozen=True)
class Keys:
    folder: Path

    mchid = "9990001900"
    wechat_app = "wxsim00000000000001"
    wechat_mobile_app = "wxsim00000000000002"
    merchant_serial = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
    public_id = "PUB_KEY_ID_PAYSIM9990001900"
    alipay_app = "2021sim000000001"
    alipay_seller = "2088sim000000001"

    @classmethod
    def made(cls, folder: Path) -> "Keys":
        """Those of the folder; what is missing is made."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        keys = cls(folder)
        for name in RSA:
            if not keys.path(name).exists():
                _write(keys.path(name), rsa.generate_private_key(public_exponent=65537, key_size=2048))
        for name, issuer in CERTIFIED.items():
            path = keys.certificate_path(name)
            if not path.exists():
                path.write_text(MARK + _certificate(keys, name, issuer))
        for name in ("wechat-public", "alipay"):
            pem = keys.private(name).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            keys.path(name).with_suffix(".pub.pem").write_text(MARK + pem.decode())
        words = {
            "apiv3": "paysim" + secrets.token_hex(13), "card-secret": f"sk_test_paysim{secrets.token_hex(12)}",
            "card-public": f"pk_test_paysim{secrets.token_hex(12)}",
            "webhook": f"whsec_paysim{secrets.token_hex(16)}", "webhook-2": f"whsec_paysim{secrets.token_hex(16)}",
        }  # fmt: skip
        for name, word in words.items():
            path = folder / f"{name}.secret"
            if not path.exists():
                path.touch(mode=0o600)
                path.write_text(word)
        return keys

    def path(self, name: str) -> Path:
        return self.folder / f"{name}.pem"

    def certificate_path(self, name: str) -> Path:
        return self.folder / f"{name}.crt.pem"

    def private(self, name: str) -> rsa.RSAPrivateKey:
        return self._loaded[name]

    def secret(self, name: str) -> str:
        return (self.folder / f"{name}.secret").read_text().strip()

    def certificate(self, name: str) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.certificate_path(name).read_bytes())

    def serial(self, name: str) -> str:
        """Of a WeChat platform certificate, as its headers write it."""
        return f"{self.certificate(name).serial_number:040X}"

    @cached_property
    def _loaded(self) -> dict[str, rsa.RSAPrivateKey]:
        found = {}
        for name in RSA:
            key = load_pem_private_key(self.path(name).read_bytes(), None)
            assert isinstance(key, rsa.RSAPrivateKey)
            found[name] = key
        return found

    def environment(self, base: str, backup: str = "") -> dict[str, str]:
        """What a Suwen is to be told so that it pays through this simulator."""
        at = self.folder.resolve()
        return {
            "SUWEN_WECHAT_MCHID": self.mchid,
            "SUWEN_WECHAT_APP_ID": self.wechat_app,
            "SUWEN_WECHAT_MOBILE_APP_ID": self.wechat_mobile_app,
            "SUWEN_WECHAT_SERIAL": self.merchant_serial,
            "SUWEN_WECHAT_PRIVATE_KEY_FILE": str(at / "merchant.pem"),
            "SUWEN_WECHAT_APIV3_KEY": self.secret("apiv3"),
            "SUWEN_WECHAT_PUBLIC_KEY_ID": self.public_id,
            "SUWEN_WECHAT_PUBLIC_KEY_FILE": str(at / "wechat-public.pub.pem"),
            "SUWEN_WECHAT_BASE": base,
            "SUWEN_WECHAT_BACKUP": backup,
            "SUWEN_ALIPAY_APP_ID": self.alipay_app,
            "SUWEN_ALIPAY_SELLER_ID": self.alipay_seller,
            "SUWEN_ALIPAY_PRIVATE_KEY_FILE": str(at / "alipay-app.pem"),
            "SUWEN_ALIPAY_PUBLIC_KEY_FILES": str(at / "alipay.pub.pem"),
            "SUWEN_ALIPAY_BASE": base,
            "SUWEN_CARD_SECRET_KEY": self.secret("card-secret"),
            "SUWEN_CARD_PUBLISHABLE_KEY": self.secret("card-public"),
            "SUWEN_CARD_WEBHOOK_SECRETS": self.secret("webhook"),
            "SUWEN_CARD_BASE": base,
        }


def _write(path: Path, key: rsa.RSAPrivateKey) -> None:
    path.touch(mode=0o600)
    path.write_text(MARK + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())


def _certificate(keys: Keys, name: str, issuer: str) -> str:
    made = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(issuer))
        .public_key(keys.private(name).public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(BEGIN)
        .not_valid_after(BEGIN + YEARS)
        .sign(keys.private(issuer), hashes.SHA256())
    )
    return made.public_bytes(Encoding.PEM).decode()


def _name(name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Suwen paysim"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "Simulator"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"paysim {name}"),
        ]
    )
