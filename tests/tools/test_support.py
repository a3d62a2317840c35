"""The servers beside the tests are what they say they are."""

import base64
import hashlib
import hmac
import smtplib
import subprocess
import time
from email.message import EmailMessage

import pymysql
import pytest
import redis
from sqlalchemy import create_engine, make_url, text

from tests.support.mariadb import private_mariadb
from tests.support.processes import Missing, listens, program, start
from tests.support.redis import private_redis
from tests.support.smtp import mailbox
from tests.support.turn import private_turn


def test_a_program_that_dies_is_reported_with_its_log(tmp_path):
    with pytest.raises(RuntimeError, match="no good reason"):
        start(["sh", "-c", "echo no good reason; exit 3"], tmp_path / "log", lambda: False, 5)


def test_a_missing_program_is_named():
    with pytest.raises(Missing, match="no-such-program"):
        program("no-such-program")


@pytest.fixture(scope="module")
def mariadb():
    try:
        with private_mariadb() as server:
            yield server
    except Missing as missing:
        pytest.skip(str(missing))


def test_mariadb_runs_as_production_should(mariadb):
    engine = create_engine(mariadb.url())
    with engine.connect() as connection:
        isolation = connection.execute(text("SHOW VARIABLES LIKE 't%_isolation'")).one()
        assert isolation[1] == "READ-COMMITTED"
        row = connection.execute(text("SELECT @@innodb_flush_log_at_trx_commit, @@character_set_server, DATABASE()"))
        assert tuple(row.one()) == (1, "utf8mb4", "suwen")
        assert connection.execute(text("SELECT User FROM mysql.global_priv WHERE User = 'root'")).all() == []
    engine.dispose()


def test_mariadb_keeps_what_was_committed_when_killed(mariadb):
    engine = create_engine(mariadb.url())
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE kept (word VARCHAR(20))"))
        connection.execute(text("INSERT INTO kept VALUES ('当归 𠮷')"))
    mariadb.kill()
    with pytest.raises(pymysql.err.OperationalError):
        pymysql.connect(host="127.0.0.1", port=make_url(mariadb.url()).port, user="suwen", password=mariadb.password)
    mariadb.start()
    engine.dispose()
    with engine.begin() as connection:
        assert connection.execute(text("SELECT word FROM kept")).scalar() == "当归 𠮷"
    engine.dispose()


def test_redis_answers_and_is_gone_afterwards():
    try:
        with private_redis() as url:
            client = redis.Redis.from_url(url)
            assert client.set("word", "当归")
            assert client.get("word") == "当归".encode()
            client.close()
    except Missing as missing:
        pytest.skip(str(missing))
    assert not listens(make_url(url).port or 0)


def test_mail_is_kept_and_unknown_people_are_refused():
    with mailbox() as box:
        box.refused.add("nobody@example.org")
        host, port = box.url.removeprefix("smtp://").split(":")
        message = EmailMessage()
        message["Subject"], message["From"], message["To"] = "验证码 123456", "clinic@example.org", "li@example.org"
        message.set_content("您的验证码是 123456")
        with smtplib.SMTP(host, int(port), timeout=5) as client:
            client.send_message(message)
            with pytest.raises(smtplib.SMTPRecipientsRefused):
                client.send_message(message, to_addrs=["nobody@example.org"])
    assert [(one["subject"], one.get_content().strip()) for one in box.messages] == [
        ("验证码 123456", "您的验证码是 123456")
    ]


@pytest.mark.parametrize(("lifetime", "secret", "accepted"), [(600, None, True), (-10, None, False), (600, "x", False)])
def test_turn_relays_for_good_credentials_only(lifetime, secret, accepted):
    try:
        with private_turn() as turn:
            name = f"{int(time.time()) + lifetime}:li"
            digest = hmac.new((secret or turn.secret).encode(), name.encode(), hashlib.sha1).digest()
            client = [program("turnutils_uclient"), "-y", "-c", "-n", "2", "-m", "1", "-p", str(turn.port), "-u", name]
            done = subprocess.run(
                [*client, "-w", base64.b64encode(digest).decode(), "127.0.0.1"], capture_output=True, timeout=30
            )
    except Missing as missing:
        pytest.skip(str(missing))
    assert (done.returncode == 0) is accepted
