"""Who asks, behind a proxy: by default nobody's word is believed, and what is not known is not trusted."""

from dataclasses import replace

import pytest

from suwen.core.actor import GUEST
from suwen.core.checkup import findings
from suwen.core.web.identity import placed


@pytest.fixture
def trusting(house, monkeypatch):
    """`trusting("127.0.0.1")`: the house, of a setting that names these proxies."""

    def make(proxies):
        monkeypatch.setattr(house, "settings", replace(house.settings, trusted_proxies=proxies))
        return house

    return make


def asked(house, peer, *forwarded):
    scope = {"client": (peer, 1), "headers": [(b"x-forwarded-for", line.encode()) for line in forwarded]}
    return placed(GUEST, house, scope).ip


@pytest.mark.parametrize("named", ["10.0.0.7", "127.0.0.1, 10.0.0.7", " 10.0.0.7 ,127.0.0.1"])
def test_what_a_named_proxy_says_is_believed_however_the_setting_is_spaced(trusting, named):
    house = trusting(named)
    assert asked(house, "10.0.0.7", "203.0.113.9") == "203.0.113.9"
    assert asked(house, "10.0.0.7", "1.2.3.4, 203.0.113.9") == "203.0.113.9"
    assert asked(house, "10.0.0.7", "1.2.3.4", "203.0.113.9") == "203.0.113.9"  # the proxy wrote a line of its own
    assert asked(house, "10.0.0.7") == "10.0.0.7"
    assert asked(house, "10.0.0.8", "203.0.113.9") == "10.0.0.8"


def test_nobody_is_believed_where_none_is_named(trusting):
    assert asked(trusting(""), "127.0.0.1", "203.0.113.9") == "127.0.0.1"


@pytest.mark.parametrize(
    ("named", "forwarded", "status"),
    [
        ("", None, 200),  # the machine that watches, from beside us
        ("", "93.184.216.34", 404),  # anybody, through a proxy that nobody named
        ("", "127.0.0.1", 404),
        ("testclient", "93.184.216.34", 404),
        ("testclient", "10.1.1.1", 200),
    ],
)
def test_figures_are_for_the_private_network_alone(client, trusting, named, forwarded, status):
    trusting(named)
    headers = {"x-forwarded-for": forwarded} if forwarded else {}
    assert client.get("/metrics", headers=headers).status_code == status


@pytest.mark.parametrize(
    ("named", "production", "state", "words"),
    [
        ("", True, "bad", "all visitors count as one"),
        ("", False, "ok", "none is needed"),
        ("127.0.0.1, 10.0.0.7", True, "ok", "127.0.0.1, 10.0.0.7"),
        ("10.0.0.0/8", True, "bad", "10.0.0.0/8"),
        ("proxy.local", False, "bad", "proxy.local"),
    ],
)
def test_the_check_says_whether_visitors_are_told_apart(house, settings, named, production, state, words):
    settings = replace(settings, trusted_proxies=named, production=production)
    [found] = [finding for finding in findings(settings) if finding.name == "proxy"]
    assert (found.state, words in found.words) == (state, True)
    assert bool(found.fix) is (state == "bad")
