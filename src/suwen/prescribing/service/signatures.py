"""Keys and signatures of people; whether what stands in a prescription is what was signed."""

import json
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from suwen.accounts.models import User
from suwen.core import audit
from suwen.core.actor import SYSTEM
from suwen.core.crypto import Unreadable
from suwen.core.db import new_id, rows
from suwen.core.sealed import seal, unseal, unseal_json
from suwen.prescribing.errors import NoSuchSigner
from suwen.prescribing.jurisdictions import jurisdictions
from suwen.prescribing.models import Prescription, SafetyEvaluation, Signature, SigningKey
from suwen.prescribing.rules import lifecycle, signing
from suwen.prescribing.rules.jurisdiction import extended
from suwen.prescribing.service.checking import clinic_zone, findings_of

# What is signed of a prescription; everything else says how far it has come.
SIGNED = ("id", "code", "appointment_id", "consultation_id", "doctor_id", "patient_id", "patient_profile_id",
          "patient_name", "diagnosis", "kind", "channel", "jurisdiction", "medicines", "regimen", "facts",
          "instructions", "refill_allowed", "pharmacy", "patient_snapshot", "doctor_snapshot", "total", "currency",
          "last_day")  # fmt: skip


def content_of(found: Prescription, changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """What is signed: the columns as they are, or as they are about to be."""
    values = changes or {}
    return {name: _told(values.get(name, getattr(found, name))) for name in SIGNED}


def add(
    tx: Session, found: Prescription, role: str, user_id: str, name: str, evaluation: SafetyEvaluation,
    content: dict[str, Any], said: dict[str, Any], now: datetime,
) -> Signature:  # fmt: skip
    """Sign `content` and what is `said` about it in the person's name; who they are was proved before."""
    key, findings = _key_of(tx, user_id, now), findings_of(tx, evaluation)
    content_hash = signing.digest(content)
    statement = {
        "type": "suwen/prescription/1", "role": role, "content": content, "content_hash": content_hash,
        "evaluation": {
            "id": evaluation.id, "rule_set": evaluation.rule_set, "input_hash": evaluation.input_hash,
            "findings": [one["key"] for one in findings], "findings_hash": signing.digest(findings),
        },
        "signer": {"id": user_id, "name": name, "key": key.public_key}, "at": moment(now), **said,
    }  # fmt: skip
    text = signing.canonical(statement)
    made = Signature(
        id=new_id(), prescription_id=found.id, user_id=user_id, role=role, name=name, key_id=key.id,
        evaluation_id=evaluation.id, content_hash=content_hash, signed=text,
        signature=signing.sign(unseal(tx, key, "private_key") or "", text), created_at=now,
    )  # fmt: skip
    tx.add(made)
    tx.flush()
    return made


def invalidate(tx: Session, prescription_id: str, now: datetime) -> int:
    """What was signed is not what stands there any more."""
    good = (Signature.prescription_id == prescription_id, Signature.invalidated_at.is_(None))
    return rows(tx, update(Signature).where(*good).values(invalidated_at=now))


def of(tx: Session, prescription_id: str) -> list[Signature]:
    found = select(Signature).where(Signature.prescription_id == prescription_id)
    return list(tx.scalars(found.order_by(Signature.created_at, Signature.id)))


def current(tx: Session, prescription_id: str, role: str = "prescriber") -> Signature | None:
    """The last one that was not invalidated."""
    good = [one for one in of(tx, prescription_id) if one.invalidated_at is None and one.role == role]
    return good[-1] if good else None


def read_by_doctor(tx: Session, prescription_id: str) -> list[str]:
    """Keys of the warnings that whoever prescribed it has acknowledged with the signature."""
    return statement_of(current(tx, prescription_id)).get("acknowledged") or []


def statement_of(signature: Signature | None) -> dict[str, Any]:
    try:
        read = json.loads(signature.signed) if signature else {}
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def valid(tx: Session, found: Prescription, signature: Signature) -> bool:
    """Whether this signature fits its key, its own row, its evaluation, and what stands in the prescription now."""
    key, statement = tx.get(SigningKey, signature.key_id), statement_of(signature)
    if signature.invalidated_at is not None or key is None:
        return False
    if not signing.fits(key.public_key, signature.signed, signature.signature):
        return False
    mine = {"id": signature.user_id, "name": signature.name, "key": key.public_key}
    return (
        key.user_id == signature.user_id
        and _is_theirs(tx, key)
        and statement.get("signer") == mine
        and statement.get("role") == signature.role
        and statement.get("at") == moment(signature.created_at)
        and statement.get("content") == content_of(found)
        and statement.get("content_hash") == signature.content_hash == found.content_hash
        and signature.content_hash == signing.digest(statement["content"])
        and _same_evaluation(tx, signature, statement)
        and _same_step(tx, found, signature, statement)
    )


def genuine(tx: Session, found: Prescription, reviewed: bool) -> bool:
    """Whether every signature that counts is valid, and all are there: the doctor's, and the pharmacist's where one
    has to look and the state says that it was accepted. The state itself is signed by nobody: it must be one that these
    signatures and moments lead to."""
    in_effect = found.status in lifecycle.IN_EFFECT
    if in_effect and (found.effective_at is None or found.valid_until is None or found.voided_at is not None):
        return False
    good = [one for one in of(tx, found.id) if one.invalidated_at is None]
    roles = {one.role for one in good}
    wanted = {"prescriber"} | ({"pharmacist"} if reviewed and (in_effect or found.effective_at) else set())
    return wanted <= roles and all(valid(tx, found, one) for one in good)


def retire(tx: Session, account: str, now: datetime) -> int:
    """Take the key of an account (its name or its id) out of use; return how many there were.

    The next signature makes a new one. The old key stays, so that what it has signed still verifies.
    """
    user_id = tx.scalar(select(User.id).where(or_(User.account == account, User.id == account)))
    if user_id is None:
        raise NoSuchSigner()
    used = select(SigningKey.id).where(SigningKey.user_id == user_id, SigningKey.retired_at.is_(None))
    keys = list(tx.scalars(used.with_for_update()))
    for id in keys:
        rows(tx, update(SigningKey).where(SigningKey.id == id).values(retired_at=now))
        audit.seen(tx, SYSTEM, "write", "signing_key", id, purpose="retired", now=now)
    return len(keys)


def vouched(tx: Session, kept: SafetyEvaluation) -> bool | None:
    """Whether this evaluation is, word for word, the one that people have signed; None where nobody has signed it. It
    holds for what was signed and changed later too: the findings of then do not change by it."""
    found = list(tx.scalars(select(Signature).where(Signature.evaluation_id == kept.id)))
    return all(_vouches(tx, one) for one in found) if found else None


def _vouches(tx: Session, signature: Signature) -> bool:
    key = tx.get(SigningKey, signature.key_id)
    if key is None or not signing.fits(key.public_key, signature.signed, signature.signature):
        return False
    return _is_theirs(tx, key) and _same_evaluation(tx, signature, statement_of(signature))


def moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def _same_evaluation(tx: Session, signature: Signature, statement: dict[str, Any]) -> bool:
    kept = tx.get(SafetyEvaluation, signature.evaluation_id) if signature.evaluation_id else None
    if kept is None or kept.prescription_id != signature.prescription_id:
        return False
    try:
        digest, findings = signing.digest(unseal_json(tx, kept, "input")), findings_of(tx, kept)
    except (Unreadable, ValueError):
        return False
    return statement.get("evaluation") == {
        "id": kept.id, "rule_set": kept.rule_set, "input_hash": digest,
        "findings": [one.get("key") for one in findings], "findings_hash": signing.digest(findings),
    } and kept.input_hash == digest  # fmt: skip


def _same_step(tx: Session, found: Prescription, signature: Signature, statement: dict[str, Any]) -> bool:
    """What the row says beside the content: who signed when, the doctor's reasons, and until when it is valid."""
    if "valid_until" in statement and found.valid_until != _until(tx, found, statement["valid_until"]):
        return False
    if signature.role == "pharmacist":
        return (found.reviewed_by, found.effective_at) == (signature.user_id, signature.created_at)
    if "valid_until" in statement and found.effective_at != signature.created_at:
        return False  # no pharmacist was asked for: effective with this signature
    return (
        found.signer_id == signature.user_id
        and found.signed_by == signature.name
        and found.signed_at == found.prescription_date == signature.created_at
        and (found.answers or {}) == statement.get("answers")
    )


def _until(tx: Session, found: Prescription, signed: str) -> datetime | None:
    """As it was signed, and as much longer as the law lets it become."""
    if not found.extended_days:
        return datetime.fromisoformat(signed)
    if not 0 < found.extended_days <= jurisdictions()[found.jurisdiction].extend_days:
        return None
    return extended(datetime.fromisoformat(signed), found.extended_days, clinic_zone(tx))


def _key_of(tx: Session, user_id: str, now: datetime) -> SigningKey:
    """The person's key, made at the first signature."""
    own = select(SigningKey).where(SigningKey.user_id == user_id, SigningKey.retired_at.is_(None))
    found = tx.scalar(own.order_by(SigningKey.created_at.desc(), SigningKey.id.desc()).limit(1))
    if found is not None:
        return found
    private, public = signing.new_key()
    made = SigningKey(id=new_id(), user_id=user_id, public_key=public, created_at=now)
    seal(tx, made, "private_key", private)
    tx.add(made)
    tx.flush()
    return made


def _is_theirs(tx: Session, key: SigningKey) -> bool:
    """The public half that stands there belongs to the sealed private one: nobody put a key of their own beside it."""
    if key.private_key is None:  # nothing shows whose it was: whoever writes into the table could have put it there
        return False
    try:
        return signing.public_half(unseal(tx, key, "private_key") or "") == key.public_key
    except (Unreadable, ValueError):
        return False


def _told(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
