"""How account names, e-mail addresses, phone numbers and people's names are written, so that equal means equal."""

import unicodedata

from suwen.accounts.errors import BadEmail, BadPhone, NotAnAccountName

REGION = "CN"  # where a number without a country code is from
IN_ACCOUNT = set("._-")
# The two-character family names that are still met; of every other Chinese name the first character is the family's.
FAMILIES = """
欧阳 司马 上官 诸葛 夏侯 东方 皇甫 尉迟 公孙 慕容 长孙 宇文 司徒 司空 令狐 端木 轩辕 南宫 西门 独孤 百里 呼延
澹台 钟离 申屠 闾丘 太史 拓跋 淳于 单于 公羊 赫连 濮阳 万俟 第五 宗政 仲孙 东郭 闻人 完颜
"""
COMPOUND = frozenset(FAMILIES.split())


def plain(text: str) -> str:
    """NFKC, single spaces, no control characters."""
    normal = unicodedata.normalize("NFKC", text)
    return " ".join("".join(c if unicodedata.category(c)[0] != "C" else " " for c in normal).split())


def account(text: str) -> str:
    """Lower case; never like an e-mail address or a phone number, so that a sign-in can mean only one of them."""
    name = plain(text).casefold()
    fits = all(c.isalnum() or c in IN_ACCOUNT for c in name) and any(c.isalpha() for c in name)
    if not (3 <= len(name) <= 100 and fits):
        raise NotAnAccountName(fields={"account": NotAnAccountName.title})
    return name


def email(text: str) -> str:
    """Lower case as a whole: no mail service in use tells two people apart by case."""
    from email_validator import EmailNotValidError, validate_email

    try:
        found = validate_email(plain(text), check_deliverability=False)
    except EmailNotValidError:
        raise BadEmail(fields={"email": BadEmail.title}) from None
    return found.normalized.casefold()


def phone(text: str, region: str = REGION) -> str:
    """E.164: +8613800138000."""
    import phonenumbers  # large, and not needed to start

    try:
        number = phonenumbers.parse(plain(text), region)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        raise BadPhone(fields={"phone": BadPhone.title})
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def show_phone(e164: str | None, region: str = REGION) -> str:
    """As people write it: numbers of the region without the country code."""
    import phonenumbers

    try:
        number = phonenumbers.parse(e164 or "", None)
    except phonenumbers.NumberParseException:
        return e164 or ""
    if phonenumbers.region_code_for_number(number) == region:
        return phonenumbers.national_significant_number(number)
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL))


def login(text: str) -> tuple[str, str]:
    """Which column a sign-in means, and the value to look for. Nothing is refused: what is wrong is not found."""
    given = plain(text)[:255]
    try:
        if "@" in given:
            return "email", email(given)
        if not any(c.isalpha() for c in given):
            return "phone", phone(given)
    except (BadEmail, BadPhone):
        return "account", ""
    return "account", given.casefold()


def split(name: str) -> tuple[str, str]:
    """(first name, last name). 欧阳修 -> (修, 欧阳), 李娜 -> (娜, 李), 'Ana María Cruz' -> ('Ana María', 'Cruz')."""
    name = plain(name)
    if name and all("\u3400" <= c <= "\u9fff" for c in name):
        cut = 2 if len(name) > 2 and name[:2] in COMPOUND else 1
        return name[cut:], name[:cut]
    first, _, last = name.rpartition(" ")
    return (first, last) if first else (last, "")
