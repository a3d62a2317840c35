"""A prescription as other systems read it."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.core.web.routes import get, routes_of
from suwen.prescribing import service
from suwen.prescribing.schemas.documents import PrescriptionDocument


@get("/api/v1/prescriptions/{id:str}/document", who=("patient", "doctor", "pharmacist"), tags=["Prescriptions"],
     audited="prescription")  # fmt: skip
def document(tx: Session, me: Actor, now: datetime, id: str) -> PrescriptionDocument:
    """In the shape of the clinic schema's collection, as it was signed. There is none of drafts, nor of what was
    returned or made void."""
    return service.document(tx, me, id, now)


ROUTES = routes_of(document)
