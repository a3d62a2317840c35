"""Prescriptions: written and signed by the doctor of a visit, reviewed and dispensed by pharmacists, read by those whom
they concern, verified by whoever holds one."""

from suwen.prescribing.service.dispensing import dispense, expire, extend, second_person
from suwen.prescribing.service.documents import COLLECTION, document
from suwen.prescribing.service.reading import (
    DeskVisit,
    desk,
    history,
    of_appointment,
    of_person,
    prescription,
    prescriptions,
    replay,
    view,
    visit_of_prescription,
)
from suwen.prescribing.service.reviewing import claim, review, waiting, waiting_times
from suwen.prescribing.service.signatures import retire
from suwen.prescribing.service.signing import sign
from suwen.prescribing.service.verifying import count, holder_code, verify
from suwen.prescribing.service.writing import change, draft, keep_answers, preview, void

__all__ = ["COLLECTION", "DeskVisit", "change", "claim", "count", "desk", "dispense", "document", "draft", "expire",
           "extend", "history", "holder_code", "keep_answers", "of_appointment", "of_person", "prescription",
           "prescriptions", "preview", "replay", "retire", "review", "second_person", "sign", "verify", "view",
           "visit_of_prescription", "void", "waiting", "waiting_times"]  # fmt: skip
