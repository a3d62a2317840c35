"""Prescriptions: written and signed by the doctor of a visit, read by those whom they concern."""

from suwen.prescribing.service.documents import COLLECTION, document
from suwen.prescribing.service.reading import (
    DeskVisit,
    desk,
    of_appointment,
    of_person,
    prescription,
    prescriptions,
    view,
    visit_of_prescription,
)
from suwen.prescribing.service.writing import change, draft, sign, void

__all__ = ["COLLECTION", "DeskVisit", "change", "desk", "document", "draft", "of_appointment", "of_person",
           "prescription", "prescriptions", "sign", "view", "visit_of_prescription", "void"]  # fmt: skip
