from datetime import datetime

from suwen.core.schemas import View


class AuditRow(View):
    """One look at a record, without its content."""

    id: str
    at: datetime
    actor_id: str
    actor: str
    actor_role: str
    action: str
    kind: str
    object_id: str
    person: str
    result: str
    sealed: bool
    ip: str
