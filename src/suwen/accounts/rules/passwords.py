"""What a password may be: long enough and not among the first that everybody would try. Nothing else is asked of it."""

from collections.abc import Iterable

from suwen.accounts.errors import PasswordTooLong, PasswordTooShort, WeakPassword
from suwen.accounts.rules.known_passwords import KNOWN

SHORTEST, LONGEST = 8, 128
ROWS = (
    "1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "abcdefghijklmnopqrstuvwxyz", "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "qazwsxedcrfvtgbyhnujm", "1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0", "147258369", "789456123",
)  # fmt: skip
TAILS = "0123456789!@#$%^&*.?_-~ "


def checked(password: str, own: Iterable[str | None] = (), field: str = "password") -> str:
    """The password as it was given. `own` are words of this person: account, phone, name.

    PasswordTooShort, PasswordTooLong, WeakPassword.
    """
    if len(password) < SHORTEST:
        raise PasswordTooShort(fields={field: PasswordTooShort.title})
    if len(password) > LONGEST:
        raise PasswordTooLong(fields={field: PasswordTooLong.title})
    if guessable(password, own):
        raise WeakPassword(fields={field: WeakPassword.title})
    return password


def guessable(password: str, own: Iterable[str | None] = ()) -> bool:
    given = password.casefold()
    stem = given.strip(TAILS)
    return (
        given in KNOWN
        or stem in KNOWN
        or len(set(given)) <= 2
        or _walks(given)
        or _repeats(given)
        or _is_day(given)
        or any(_only(given, word.casefold()) for word in _words(own))
    )


def _words(own: Iterable[str | None]) -> Iterable[str]:
    """Each word, the part before @, a phone number without its country code."""
    for word in own:
        if word:
            yield word
            yield word.partition("@")[0]
            yield word.removeprefix("+86")
            yield word.replace(" ", "")


def _only(given: str, word: str) -> bool:
    """Nothing but the word and a short tail."""
    return len(word) >= 3 and word in given and len(given) - len(word) <= 4


def _walks(given: str) -> bool:
    """Along one row of keys or the alphabet, there or back, perhaps twice."""
    for row in ROWS:
        for line in (row * 2, row[::-1] * 2):
            if given in line or (len(given) % 2 == 0 and given[: len(given) // 2] * 2 == given and given[:4] in line):
                return True
    return False


def _repeats(given: str) -> bool:
    """One short piece again and again: abcabcabc, 1212121212."""
    return any(
        len(given) % size == 0 and given[:size] * (len(given) // size) == given
        for size in range(1, 5)
        if len(given) >= 2 * size
    )


def _is_day(given: str) -> bool:
    """19850312, 1985-03-12, 12031985: a birthday is the first that somebody who knows you would try."""
    digits = "".join(c for c in given if c.isdigit())
    if len(digits) != 8 or len(given) > 10:
        return False
    ways = (
        (digits[:4], digits[4:6], digits[6:]),
        (digits[4:], digits[2:4], digits[:2]),
        (digits[4:], digits[:2], digits[2:4]),
    )
    return any(1900 <= int(y) <= 2099 and 1 <= int(m) <= 12 and 1 <= int(d) <= 31 for y, m, d in ways)
