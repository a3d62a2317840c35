"""Prescriptions as they come in and go out."""

from suwen.prescribing.schemas.content import (
    ChangeInput,
    CheckInput,
    Content,
    DraftInput,
    Facts,
    Kind,
    Medicine,
    Pharmacy,
    Regimen,
    lines_of,
)
from suwen.prescribing.schemas.editor import EditorForm
from suwen.prescribing.schemas.steps import (
    Answer,
    Checks,
    DispenseInput,
    ExtendInput,
    ReviewInput,
    SignForm,
    SignInput,
    VerifyInput,
    VoidInput,
)
from suwen.prescribing.schemas.views import (
    DispensingView,
    DoctorSnapshot,
    EvaluationView,
    FindingView,
    History,
    PersonSnapshot,
    PrescriptionLine,
    PrescriptionView,
    Preview,
    Replayed,
    ReviewView,
    SignatureView,
    Verification,
    WaitingLine,
    WaitingTime,
)

__all__ = ["Answer", "ChangeInput", "CheckInput", "Checks", "Content", "DispenseInput", "DispensingView",
           "DoctorSnapshot", "DraftInput", "EditorForm", "EvaluationView", "ExtendInput", "Facts", "FindingView",
           "History", "Kind", "Medicine", "PersonSnapshot", "Pharmacy", "PrescriptionLine", "PrescriptionView",
           "Preview", "Regimen", "Replayed", "ReviewInput", "ReviewView", "SignForm", "SignInput", "SignatureView",
           "Verification", "VerifyInput", "VoidInput", "WaitingLine", "WaitingTime", "lines_of"]  # fmt: skip
