"""Kept answers: how many, and when they go."""

from suwen.core.kept import REMEMBERED, Kept


def _put(kept: Kept, topic: str, key: str, size: int) -> None:
    kept.put(topic, key, b"x" * size, "text/plain", kept.ticket())


def _there(kept: Kept, *names: tuple[str, str]) -> list[bool]:
    return [kept.get(*name) is not None for name in names]


def test_the_bytes_of_all_answers_are_bounded_and_the_oldest_topic_goes_first() -> None:
    kept = Kept(room=1000)
    for topic in ("a", "b", "c"):
        _put(kept, topic, "one", 300)
    _put(kept, "b", "two", 300)
    assert _there(kept, ("a", "one"), ("b", "one"), ("b", "two"), ("c", "one")) == [False, True, True, True]

    _put(kept, "d", "whole", 1001)
    assert _there(kept, ("b", "one"), ("c", "one"), ("d", "whole")) == [False, False, False]
    _put(kept, "e", "one", 1000)
    assert _there(kept, ("e", "one")) == [True]


def test_room_is_given_back_by_what_is_replaced_or_dropped() -> None:
    kept = Kept(room=1000)
    for _ in range(50):
        _put(kept, "a", "one", 400)
    _put(kept, "b", "one", 600)
    assert _there(kept, ("a", "one"), ("b", "one")) == [True, True]

    for _ in range(50):
        kept.drop("b")
        _put(kept, "b", "one", 600)
    assert _there(kept, ("a", "one"), ("b", "one")) == [True, True]


def test_one_topic_keeps_500_and_all_together_as_many_topics_as_allowed() -> None:
    kept = Kept(limit=3)
    for number in range(501):
        _put(kept, "a", str(number), 1)
    assert _there(kept, ("a", "0"), ("a", "500")) == [False, True]
    for topic in ("b", "c", "d", "e"):
        _put(kept, topic, "one", 1)
    assert _there(kept, ("b", "one"), ("c", "one"), ("d", "one"), ("e", "one")) == [False, True, True, True]


def test_an_answer_that_was_made_before_a_drop_is_not_kept() -> None:
    kept = Kept()
    ticket = kept.ticket()
    kept.drop("a")
    kept.put("a", "one", b"old", "text/plain", ticket)
    assert _there(kept, ("a", "one")) == [False]


def test_what_was_dropped_meanwhile_is_known_or_nothing_is_kept() -> None:
    """Only so many drops are remembered. A ticket from before them is no proof any more."""
    kept = Kept()
    kept.drop("a")
    for others in range(0, 3 * REMEMBERED, 100):
        ticket = kept.ticket()
        kept.drop("a")
        for number in range(others):
            kept.drop(f"other {number}")
        kept.put("a", "one", b"old", "text/plain", ticket)
        assert _there(kept, ("a", "one")) == [False], others

    ticket = kept.ticket()
    kept.drop("b")
    kept.put("a", "one", b"new", "text/plain", ticket)
    assert _there(kept, ("a", "one")) == [True]


def test_what_is_remembered_of_drops_does_not_grow() -> None:
    kept = Kept()
    for number in range(5 * REMEMBERED):
        kept.drop(f"appointment:{number}")
    assert len(kept._dropped) + len(kept._dropped_before) <= 2 * REMEMBERED
