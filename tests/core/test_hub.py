"""What the hub remembers of what it carried: news that came between a page and its socket."""

from types import SimpleNamespace

import pytest

from suwen.core import hub as hubs
from suwen.core.hub import REMEMBERED, Hub


class Seconds:
    def __init__(self) -> None:
        self.now = 1000.0


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> Seconds:
    made = Seconds()
    monkeypatch.setattr(hubs, "time", SimpleNamespace(monotonic=lambda: made.now))
    return made


def test_news_are_remembered_as_long_as_promised_and_not_for_ever(seconds: Seconds) -> None:
    hub = Hub()
    for turn in range(6):
        hub.publish(f"a {turn}")
        for number in range(30):
            seconds.now += (REMEMBERED - 1) / 30
            hub.publish(f"other {turn} {number}")
        assert hub.lately(f"a {turn}", 1000)
        assert not hub.lately(f"a {turn}", REMEMBERED - 2)
        seconds.now += 2
        assert not hub.lately(f"a {turn}", 1000)
    assert len(hub._lately) + len(hub._before) < 100


def test_what_was_never_said_is_no_news(seconds: Seconds) -> None:
    hub = Hub()
    hub.publish("a")
    assert (hub.lately("a", 1), hub.lately("b", 1)) == (True, False)
