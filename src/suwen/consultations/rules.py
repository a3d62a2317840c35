"""What a visit may do when: states, times of entry, the queue, the line's quality, join tickets, TURN credentials.

Intervals are half-open. Nothing here reads a clock or a database.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from suwen.scheduling.rules.states import DEFAULT

PATIENT_EARLY, LATE = DEFAULT.enter_before, DEFAULT.enter_after  # the lists of visits show the same door
DOCTOR_EARLY = timedelta(hours=2)
GRACE = timedelta(seconds=60)  # both away for longer: the call was interrupted
STALE = timedelta(seconds=45)  # three pings missed: that side is away, whatever its socket last said
TICKET_LIFE = timedelta(seconds=60)
TURN_LIFE = timedelta(hours=6)  # longer than the longest visit; coturn looks at it when an allocation is made
LONGEST_LATE = 60
DEFAULT_MINUTES = 20

OPEN_APPOINTMENTS = ("confirmed", "scheduled", "checked_in")  # paid, to be paid at the desk, already here
WAITING, IN_PROGRESS, COMPLETED, CANCELLED, NO_SHOW = "waiting", "in_progress", "completed", "cancelled", "no_show"
LIVE = (WAITING, IN_PROGRESS)
GRADES = ("excellent", "good", "fair", "poor")

SERVER_EVENTS = ("joined", "left", "reconnected", "disconnected")
RECORDING_EVENTS = ("recording_start", "recording_end")
BROWSER_EVENTS = (
    "camera_on",
    "camera_off",
    "mic_on",
    "mic_off",
    "screen_share_start",
    "screen_share_end",
    "network_poor",
    "network_recovered",
)
EVENTS = (*SERVER_EVENTS, *BROWSER_EVENTS, *RECORDING_EVENTS)


def opens_at(role: str, start: datetime) -> datetime:
    return start - (DOCTOR_EARLY if role == "doctor" else PATIENT_EARLY)


def closes_at(end: datetime) -> datetime:
    return end + LATE


def in_time(role: str, start: datetime, end: datetime, now: datetime) -> bool:
    return opens_at(role, start) <= now < closes_at(end)


@dataclass(frozen=True, slots=True)
class Presence:
    """One side of a call. `seen_at` None: never came. `left` after a spoken good-bye."""

    seen_at: datetime | None = None
    left: bool = False
    away: bool = False
    media: str = ""

    def here(self, now: datetime) -> bool:
        return self.seen_at is not None and not (self.left or self.away) and now - self.seen_at < STALE


def phase(status: str, doctor: Presence, patient: Presence, now: datetime) -> str:
    """waiting, joined, connecting, connected, reconnecting or ended: one word for a desk or a log."""
    if status not in LIVE:
        return "ended"
    if status == WAITING:
        return "waiting"
    sides = (doctor, patient)
    media = {side.media for side in sides}
    if all(side.here(now) for side in sides):
        if media == {"connected"}:
            return "connected"
        return "reconnecting" if "reconnecting" in media else "connecting"
    # a socket that was lost is not a hang-up: picture and sound may be going on without it
    if media == {"connected"} and not any(side.left for side in sides):
        return "reconnecting"
    return "joined" if any(side.here(now) for side in sides) else "waiting"


def interrupted_since(doctor: Presence, patient: Presence, now: datetime) -> datetime | None:
    """When the second of the two went, if both have been away for longer than the grace."""
    if doctor.seen_at is None or patient.seen_at is None or doctor.here(now) or patient.here(now):
        return None
    last = max(doctor.seen_at, patient.seen_at)
    return last if now - last >= GRACE else None


def duration_seconds(start: datetime | None, end: datetime) -> int:
    return max(0, round((end - start).total_seconds())) if start else 0


def worse(grades: Iterable[str | None]) -> str | None:
    """The call is as good as its worse side."""
    known = [grade for grade in grades if grade in GRADES]
    return max(known, key=GRADES.index) if known else None


def typical_minutes(durations: Sequence[int], slot_minutes: int = DEFAULT_MINUTES) -> int:
    """How long this doctor's visits take: the median of the last ones in seconds, if there are enough to speak of."""
    real = [seconds for seconds in durations if seconds >= 60]
    return max(5, round(median(real) / 60)) if len(real) >= 3 else slot_minutes


def estimate(
    *, ahead: int, running_since: datetime | None, start: datetime, typical: int, now: datetime
) -> tuple[int, int]:
    """Minutes until the patient is called, as (from, to). Never before the booked time is promised.

    The one inside needs the rest of a typical visit; each one ahead a whole one.
    The upper end allows half a visit more.
    """
    rest = 0.0
    if running_since is not None:
        rest = max(3.0, typical - (now - running_since).total_seconds() / 60)
    queue = rest + ahead * typical
    until_start = max(0.0, (start - now).total_seconds() / 60)
    soonest = max(queue, until_start)
    margin = typical / 2 if ahead or running_since else 5
    return round(soonest), round(soonest + margin)


def ticket_digest(ticket: str) -> str:
    return hashlib.sha256(ticket.encode()).hexdigest()


def ticket_kept(ticket: str, now: datetime) -> str:
    """What is stored of a ticket: when it ends and its hash, never itself."""
    return f"{int((now + TICKET_LIFE).timestamp())}.{ticket_digest(ticket)}"


def ticket_fits(kept: str | None, ticket: str, now: datetime) -> bool:
    if not kept or "." not in kept:
        return False
    expiry, digest = kept.split(".", 1)
    fits = hmac.compare_digest(digest, ticket_digest(ticket))
    return fits and now.timestamp() < int(expiry)


def turn_credentials(secret: str, user: str, now: datetime, life: timedelta = TURN_LIFE) -> tuple[str, str]:
    """Time-limited user name and password as coturn's `use-auth-secret` wants them (draft-uberti-behave-turn-rest)."""
    name = f"{int((now + life).timestamp())}:{user}"
    digest = hmac.new(secret.encode(), name.encode(), hashlib.sha1).digest()
    return name, base64.b64encode(digest).decode()


def ice_servers(
    *, stun: Sequence[str], turn: Sequence[str], secret: str, user: str, now: datetime
) -> list[dict[str, object]]:
    """RTCIceServer entries for one user. Without TURN servers two strict networks may not reach each other."""
    servers: list[dict[str, object]] = []
    if stun:
        servers.append({"urls": list(stun)})
    if turn:
        name, credential = turn_credentials(secret, user, now)
        servers.append({"urls": list(turn), "username": name, "credential": credential})
    return servers


def queue_key(start: datetime, waiting_since: datetime) -> datetime:
    """Who is called first: the booked time counts, but coming late costs the place."""
    return max(start, waiting_since)
