"""Where an account can be reached, and in which language."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from suwen.core.actor import Actor
from suwen.notifications.models import Contact

ADDRESS = select(Contact.name, Contact.email, Contact.locale, Contact.zone)


@dataclass(frozen=True)
class Address:
    name: str = ""
    email: str | None = None
    locale: str = "zh-CN"
    zone: str = "Asia/Shanghai"


def remember_contact(
    tx: Session, user_id: str, email: str | None, phone: str | None, locale: str, zone: str, name: str
) -> None:
    """Keep where an account can be reached; accounts calls it in the transaction that changes any of it."""
    tx.flush()  # the account itself may be new
    contact = tx.get(Contact, user_id) or Contact(user_id=user_id)
    contact.email, contact.phone = email or None, phone or None
    contact.locale, contact.zone, contact.name = locale, zone, name
    tx.add(contact)


def address(tx: Session, user_id: str) -> Address:
    found = tx.execute(ADDRESS.where(Contact.user_id == user_id)).first()
    return Address(*found) if found else Address()


def mail_address(tx: Session, me: Actor) -> str | None:
    """Where mail to this account goes."""
    return address(tx, me.id).email
