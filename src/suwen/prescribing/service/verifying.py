"""Is this paper genuine? For whoever holds its number and the holder's code; nothing more than a pharmacy needs."""

import hmac
from datetime import datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from suwen.core import audit
from suwen.core.actor import Actor
from suwen.core.limits import Limiter
from suwen.core.sealed import blind_index
from suwen.prescribing.errors import NoSuchPrescription
from suwen.prescribing.jurisdictions import jurisdictions
from suwen.prescribing.models import Prescription
from suwen.prescribing.rules import codes
from suwen.prescribing.schemas import Regimen, Verification, lines_of
from suwen.prescribing.service import dispensing, signatures

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # nothing that looks like something else: 40 bits in eight characters
LENGTH = 8
VERDICTS = {"voided": "void", "expired": "expired", "dispensed": "dispensed", "signed": "not_effective",
            "returned": "not_effective", "draft": "not_effective"}  # fmt: skip
SHOWN = ("authentic", "partially_dispensed")


def holder_code(tx: Session, found: Prescription) -> str:
    """Eight letters and digits that only who holds the prescription knows: `ABCD-2345`. Made, not stored."""
    number = int(blind_index(tx, f"prescription-holder:{found.id}:{found.code}") or "0", 16)
    letters = ""
    for _ in range(LENGTH):
        number, place = divmod(number, len(ALPHABET))
        letters += ALPHABET[place]
    return f"{letters[:4]}-{letters[4:]}"


def verify(tx: Session, actor: Actor, code: str, holder: str, now: datetime) -> Verification:
    """authentic, partially_dispensed (some is left), altered, void, expired, dispensed, or not_effective.

    NoSuchPrescription alike for an unknown number and a wrong holder's code. Whoever calls counts the tries.
    """
    number = codes.read(code)
    found = tx.scalar(select(Prescription).where(Prescription.code == number)) if number else None
    wanted = plain(holder_code(tx, found)) if found else "-"
    if not hmac.compare_digest(wanted.encode(), plain(holder).encode()) or found is None or found.signed_at is None:
        raise NoSuchPrescription()
    audit.seen(tx, actor, "read", "prescription", found.id, found.patient_profile_id, "verified", now=now)
    given, verdict = dispensing.of(tx, found.id), _verdict(tx, found, now)
    open_ = verdict in SHOWN
    return Verification(
        code=found.code, verdict=verdict, kind=found.kind, patient=masked(found.patient_name),
        prescriber=found.signed_by or "", signed_at=found.signed_at, reviewed=found.reviewed_by is not None,
        effective_at=found.effective_at, valid_until=found.valid_until, dispensings=len(given),
        dispensings_left=max(0, 1 + found.refill_allowed - len(given)) if open_ else 0,
        earliest_next=dispensing.next_day(tx, found, given) if open_ else None,
        medicines=lines_of(found.medicines) if open_ else [],
        regimen=msgspec.convert(found.regimen, Regimen) if open_ and found.regimen else None,
    )  # fmt: skip


def count(limiter: Limiter, ip: str, code: str) -> None:
    """Before each question: nobody finds a holder's code by trying. TooManyRequests.

    Counted by number and address, so that whoever mistypes one paper can go on with the next, and nobody shuts others
    out of a paper. The two wide ones are against many numbers from one place, and many places at one number: with forty
    bits a code lasts."""
    number = plain(code)[:40]
    limiter.hit(f"verify {number} from {ip}", 20, 300)
    limiter.hit(f"verify from {ip}", 300, 300)
    limiter.hit(f"verify {number}", 300, 300)


def plain(text: str) -> str:
    return "".join(c for c in text.upper() if c.isalnum())


def masked(name: str) -> str:
    """'Li Na 李娜' -> 'L** 李*': enough to see whether the paper and the person belong together."""
    return " ".join(f"{word[0]}{'*' * min(len(word) - 1, 2)}" for word in name.split())


def _verdict(tx: Session, found: Prescription, now: datetime) -> str:
    if found.status == "voided":
        return "void"
    if not signatures.genuine(tx, found, jurisdictions()[found.jurisdiction].pharmacist_review):
        return "altered"
    if found.status in VERDICTS:
        return VERDICTS[found.status]
    if dispensing.is_over(found, now):
        return "expired"
    return "authentic" if found.status == "effective" else "partially_dispensed"
