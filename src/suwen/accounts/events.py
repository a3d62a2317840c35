"""What happened to accounts, for those above."""

from dataclasses import dataclass

from suwen.core.outbox import Event


@dataclass(frozen=True)
class AccountClosed(Event):
    """Suspended, made inactive or deleted: nobody can sign in to it any more."""

    name = "accounts.account_closed"
    user_id: str
    role: str


@dataclass(frozen=True)
class AccountOpened(Event):
    """Active again, and not deleted."""

    name = "accounts.account_opened"
    user_id: str
    role: str
