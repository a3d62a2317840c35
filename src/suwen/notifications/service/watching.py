"""What an open page may listen to. Packages above name their topics here; nobody hears a topic that is not named."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from suwen.core.actor import Actor

MOST = 30
Check = Callable[[Session, Actor, str, datetime], bool]
WATCHABLE: dict[str, Check] = {}


def watchable(prefix: str, check: Check) -> None:
    """Let people listen to `prefix:<id>` where check(tx, actor, id, now) says so. Called once, when a package loads."""
    WATCHABLE[prefix] = check


def allowed(tx: Session, me: Actor, topics: Sequence[str], now: datetime) -> list[str]:
    """Those of the topics this actor may hear, without a word about the others."""
    heard = []
    for topic in dict.fromkeys(topics[:MOST]):
        prefix, _, id = topic.partition(":")
        check = WATCHABLE.get(prefix)
        if check and id and check(tx, me, id, now):
            heard.append(topic)
    return heard


watchable("user", lambda tx, me, id, now: id == me.id)
watchable("doctor", lambda tx, me, id, now: me.doctor_id is not None and id == me.doctor_id)
