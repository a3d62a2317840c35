"""Mail on an encrypted line, with a name and a password; and never in clear where encryption fails."""

import contextlib
import ssl
from datetime import timedelta

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from suwen.core.db import utc_now
from suwen.notifications.channels.email import smtp
from tests.support.cast import START
from tests.support.processes import free_port
from tests.support.smtp import Mailbox

MAIL = smtp.Mail("li@example.org", "您好", "Hello\n.\nthe line above is only a dot\n", "m1", START)


@pytest.fixture
def certificate(tmp_path):
    """Of the server "localhost", signed by itself: (certificate file, key file)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = utc_now()
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = tmp_path / "server.pem", tmp_path / "server.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


@contextlib.contextmanager
def encrypted(certificate, **options):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    box = Mailbox()
    at_once = options.pop("at_once", False)
    options |= {"ssl_context": context} if at_once else {"tls_context": context, "require_starttls": True}
    controller = Controller(box, hostname="127.0.0.1", port=free_port(), server_hostname="localhost", **options)
    controller.start()
    box.url = f"{'smtps' if at_once else 'smtp'}://localhost:{controller.port}"
    try:
        yield box
    finally:
        controller.stop()


def send(url):
    return smtp.send(url, "clinic@suwen.example", MAIL, lambda: True)


def test_the_line_is_encrypted_where_the_server_offers_it(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with encrypted(certificate) as box:
        assert send(box.url) is True
        [mail] = box.messages
        assert (mail["subject"], mail.get_content().splitlines()) == ("您好", MAIL.body.splitlines())


def test_encryption_from_the_first_byte(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with encrypted(certificate, at_once=True) as box:
        assert send(box.url) is True
        assert len(box.messages) == 1


@pytest.mark.parametrize("at_once", [False, True])
def test_a_server_that_cannot_prove_who_it_is_is_given_nothing(certificate, monkeypatch, at_once):
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with encrypted(certificate, at_once=at_once) as box:
        with pytest.raises(ssl.SSLError):
            send(box.url)
        assert box.messages == []


def test_name_and_password_are_given_and_may_be_wrong(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    given = []

    def check(server, session, envelope, mechanism, auth):
        assert isinstance(auth, LoginPassword)
        given.append((auth.login, auth.password))
        return AuthResult(success=auth.password == b"p@ss:word", handled=False)

    with encrypted(certificate, authenticator=check, auth_required=True, auth_exclude_mechanism=["LOGIN"]) as box:
        address = box.url.removeprefix("smtp://")
        assert send(f"smtp://clinic:p%40ss%3Aword@{address}") is True
        with pytest.raises(smtp.smtplib.SMTPAuthenticationError):
            send(f"smtp://clinic:wrong@{address}")
        assert len(box.messages) == 1
    assert given == [(b"clinic", b"p@ss:word"), (b"clinic", b"wrong")]
