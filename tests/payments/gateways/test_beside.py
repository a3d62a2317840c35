"""The simulator beside a demonstration's server: on another port where the usual one is taken, gone with the server."""

import socket
import time

import httpx
import pytest

from suwen.paysim import beside
from tests.support.processes import listens


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("data") / beside.FOLDER
    beside.keys(made)
    return made


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/_sim/clock", timeout=2, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def until(what, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_only_what_the_demonstration_filled_has_one(folder, tmp_path):
    assert beside.practising(folder.parent) == folder
    assert beside.practising(tmp_path) is None


def test_it_comes_and_goes_and_knows_what_was_made_up(folder, monkeypatch):
    paid = {"gateway": "wechat", "out_no": "PAY20300101000000AAAAAAAAAA", "external_id": "42001", "amount": 8000,
            "currency": "CNY", "at": 1_893_456_000.0}  # fmt: skip
    beside.remember(folder, [paid, paid | {"gateway": "card", "external_id": "pi_3Sim1"}])
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setattr(beside, "PORT", taken.getsockname()[1])
        with beside.beside(folder, "http://127.0.0.1:1") as running:
            assert running.moved
            assert running.told["SUWEN_WECHAT_BASE"] == running.url
            until(lambda: answers(running.url))
            known = httpx.get(f"{running.url}/_sim/state", trust_env=False).json()["payment"]
            assert [(one["gateway"], one["state"], one["amount"]) for one in known] == [
                ("wechat", "paid", 8000), ("card", "paid", 8000),
            ]  # fmt: skip
            port = int(running.url.rsplit(":", 1)[1])
    until(lambda: not listens(port))
