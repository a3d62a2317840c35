"""Statements for pages that look across packages."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from suwen.accounts.models import PatientProfile, User
from suwen.core.audit import AuditEvent


def audit_trail(
    actor: str | None, person: str | None, action: str | None, result: str | None, since: datetime | None
) -> Select[Any]:
    """Events with the names of who looked and whose record it was; names are looked up, not stored."""
    found = (
        select(AuditEvent, User.name, PatientProfile.name)
        .outerjoin(User, User.id == AuditEvent.actor_id)
        .outerjoin(PatientProfile, PatientProfile.id == AuditEvent.person_id)
    )
    if actor:
        found = found.where((User.name == actor) | (User.account == actor) | (AuditEvent.actor_id == actor))
    if person:
        found = found.where((PatientProfile.name == person) | (AuditEvent.person_id == person))
    if action:
        found = found.where(AuditEvent.action == action)
    if result:
        found = found.where(AuditEvent.result == result)
    if since:
        found = found.where(AuditEvent.created_at >= since)
    return found
