"""Resident ID numbers of mainland China (GB 11643): 18 characters, the last a check; 15 digits before 1999."""

from datetime import date

from suwen.accounts.errors import BadResidentId, ResidentIdBirthday, ResidentIdGender
from suwen.accounts.rules.names import plain

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECKS = "10X98765432"


def checked(text: str, birthday: date | None, gender: str | None, today: date) -> str:
    """The number as it is kept, 18 characters. What it says of birth date and sex must be what the person says."""
    number = plain(text).replace(" ", "").upper()
    if len(number) == 15 and number.isascii() and number.isdigit():
        number = _long(number)
    if len(number) != 18 or not number.isascii() or not number[:17].isdigit() or check(number) != number[17]:
        raise BadResidentId(fields={"id_number": BadResidentId.title})
    born = birth_date(number)
    if born is None or born > today or born.year < 1850:
        raise BadResidentId(fields={"id_number": BadResidentId.title})
    if birthday is not None and birthday != born:
        raise ResidentIdBirthday(fields={"birthday": ResidentIdBirthday.title})
    if gender in ("male", "female") and gender != sex(number):
        raise ResidentIdGender(fields={"gender": ResidentIdGender.title})
    return number


def check(number: str) -> str:
    """The check character that belongs to the first 17 digits."""
    return CHECKS[sum(weight * int(digit) for weight, digit in zip(WEIGHTS, number, strict=False)) % 11]


def birth_date(number: str) -> date | None:
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def sex(number: str) -> str:
    return "male" if int(number[16]) % 2 else "female"


def masked(number: str | None) -> str:
    """110***********1234."""
    return f"{number[:3]}{'*' * (len(number) - 7)}{number[-4:]}" if number and len(number) >= 15 else ""


def _long(number: str) -> str:
    """The 18 characters of the 15 digits: they were given to people born in the twentieth century."""
    digits = f"{number[:6]}19{number[6:]}"
    return digits + check(digits)
