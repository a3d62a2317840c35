"""How MySQL 8 asks for a password where there is no TLS: sent under its public key. No such server is in Debian."""

import socket
import subprocess
import sys
import threading

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

SALT = b"12345678abcdefghijkl"
PASSWORD = "a secret, of some length"
FULL, KEY_WANTED = b"\x01\x04", b"\x02"
OK = b"\x00\x00\x00\x02\x00\x00\x00"
CAPABILITIES = 0x00FFF7FF & ~0x0800  # all but TLS
CONNECT = """
import sys
from suwen.core import driver
url = f"mysql+pymysql://li:{{sys.argv[2]}}@127.0.0.1:{sys.argv[1]}/x"
driver.load(url)
from sqlalchemy import create_engine
import pymysql
assert "cryptography" not in sys.modules
pymysql.connect(host="127.0.0.1", port=int(sys.argv[1]), user="li", password=sys.argv[2], ssl_disabled=True).close()
print("signed in")
"""


class Server:
    """As far as the password. What it was sent is in `password`."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.password: bytes | None = None
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.listener.close()
        self._thread.join(10)

    def _serve(self) -> None:
        connection, _ = self.listener.accept()
        with connection, connection.makefile("rwb") as self.wire:
            self._send(0, self._greeting())
            number, _answer = self._read()
            self._send(number + 1, FULL)
            number, asked = self._read()
            assert asked == KEY_WANTED
            public = self.key.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            self._send(number + 1, b"\x01" + public)
            number, sealed = self._read()
            oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
            mixed = self.key.decrypt(sealed, oaep)
            self.password = bytes(one ^ SALT[place % len(SALT)] for place, one in enumerate(mixed))
            self._send(number + 1, OK)
            while True:  # SET NAMES, SET AUTOCOMMIT, and good-bye
                number, asked = self._read()
                if not asked or asked == b"\x01":
                    return
                self._send(number + 1, OK)

    def _greeting(self) -> bytes:
        low, high = CAPABILITIES & 0xFFFF, CAPABILITIES >> 16
        return b"".join([
            b"\x0a", b"8.0.36\x00", (7).to_bytes(4, "little"), SALT[:8], b"\x00", low.to_bytes(2, "little"), b"\x2d",
            (2).to_bytes(2, "little"), high.to_bytes(2, "little"), bytes([len(SALT) + 1]), bytes(10), SALT[8:], b"\x00",
            b"caching_sha2_password\x00",
        ])  # fmt: skip

    def _send(self, number: int, packet: bytes) -> None:
        self.wire.write(len(packet).to_bytes(3, "little") + bytes([number % 256]) + packet)
        self.wire.flush()

    def _read(self) -> tuple[int, bytes]:
        head = self.wire.read(4)
        if len(head) < 4:
            return 0, b""
        return head[3], self.wire.read(int.from_bytes(head[:3], "little"))


@pytest.fixture
def server():
    made = Server()
    yield made
    made.close()


def test_the_password_is_sent_under_the_key_of_the_server(server: Server) -> None:
    command = [sys.executable, "-c", CONNECT, str(server.port), PASSWORD]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout.strip(), done.stderr) == ("signed in", "")
    assert server.password == PASSWORD.encode() + b"\0"
