"""Hashing of passwords, slow on purpose: in the second pool, never inside a transaction.

19 MiB because four may run at once in a process; five passes make it 50 to 100 ms on one core.
"""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

UNUSABLE = "!"  # no password fits; made by staff and not invited yet, or emptied
HASHER = PasswordHasher(time_cost=5, memory_cost=19_456, parallelism=1)


@cache
def _nobodys() -> str:
    """So that an unknown account takes as long as a known one. Made once, at the first sign-in of a process."""
    return HASHER.hash("nobody has this password")


def hashed(password: str) -> str:
    return HASHER.hash(password)


def fits(password_hash: str | None, password: str) -> bool:
    """Equally slow whether there is an account, a usable hash, or neither."""
    nobodys = _nobodys()  # also where it is not needed: the first sign-in must not tell by its time either
    known = password_hash is not None and password_hash.startswith("$argon2")
    try:
        return HASHER.verify(password_hash if known and password_hash else nobodys, password) and known
    except (VerificationError, InvalidHashError):
        return False


def outdated(password_hash: str) -> bool:
    """Made with other parameters than today's."""
    return HASHER.check_needs_rehash(password_hash)
