"""Who is asking. Every service function that can refuse takes one."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """`id` is the account's. `doctor_id` is set for a doctor's account; `strong` after a second factor."""

    id: str
    role: str
    session_id: str = ""
    doctor_id: str | None = None
    strong: bool = False
    locale: str = "zh-CN"
    zone: str = "Asia/Shanghai"
    name: str = ""
    ip: str = ""
    agent: str = ""


GUEST = Actor("", "guest")
SYSTEM = Actor("", "system")
STAFF = frozenset({"doctor", "pharmacist", "admin"})
