"""What may be kept of a conversation: people become keyed hashes, keys and signatures go.

First by the name of a field. Then by what a text looks like, for gateways repeat what they were sent in their messages
of error, under names of their own.
"""

import hmac
import re
from collections.abc import Iterator
from typing import Any

# compared in lower case, without _ and -
PEOPLE = {
    "openid", "subopenid", "spopenid", "buyerid", "buyeruserid", "buyeropenid", "buyerlogonid", "buyerphone",
    "buyeremail", "buyername", "buyerusername", "buyernick", "payerclientip", "payerip", "clientip", "customer",
    "customername", "email", "receiptemail", "phone", "phonenumber", "mobile", "tel", "name", "realname", "username",
    "ip", "useridentifier", "debtoraccount", "userreceivedaccount", "last4", "fingerprint", "iin", "billingdetails",
    "shipping", "customerdetails", "customeremail", "ownername", "city", "line1", "line2", "postalcode", "accountname",
    "logonid", "unionid", "openuserid", "idnumber", "certno", "passbackparams", "attach", "deviceid",
}  # fmt: skip
SECRETS = {
    "sign", "signature", "paysign", "authorization", "clientsecret", "secret", "key", "apikey", "privatekey",
    "ciphertext", "alipaycertcontent", "stripesignature", "wechatpaysignature", "token", "downloadurl",
    "billdownloadurl", "truncatedsignmessage", "orderstring", "number", "cvc", "cvv", "receipturl", "password",
}  # fmt: skip
LOOKS = re.compile(
    r"(?P<key>\b(?:sk|rk|pk|whsec)_\w{3,}|-----BEGIN .+?(?:-----END [A-Z0-9 ]+-----|\Z))"
    r"|(?P<mail>[^\s@<>\"',;:]{1,64}@[\w-]+(?:\.[\w-]+)+)"
    r"|(?P<phone>(?<![0-9A-Za-z+])(?:\+?86[ -]?)?1[3-9]\d(?:[ -]?\d{4}){2}(?![0-9A-Za-z]))"
    r"|(?P<card>(?<![0-9A-Za-z])[3-6](?:[ -]?\d){12,18}(?![0-9A-Za-z]))",
    re.DOTALL,
)
DEEPEST, LONGEST, SHORTEST_PERSON = 12, 500, 4


def redacted(value: Any, pepper: bytes, depth: int = 0, *, known: frozenset[str] = frozenset()) -> Any:
    """The same shape; equal people have equal hashes, which nobody without `pepper` can make. `known`: texts that are
    people's wherever they stand, see `people`.
    """
    if depth > DEEPEST:
        return "..."
    if isinstance(value, dict):
        return {str(name): _field(str(name), inner, pepper, depth + 1, known) for name, inner in value.items()}
    if isinstance(value, list):
        return [redacted(inner, pepper, depth + 1, known=known) for inner in value[:100]]
    if isinstance(value, str):
        text = _clean(value, pepper, known)
        return text[:LONGEST] + "..." if len(text) > LONGEST else text
    return value


def people(value: Any, depth: int = 0) -> frozenset[str]:
    """The texts in `value` that are people's by the name of their field."""
    return frozenset(_people(value, depth, False))


def _people(value: Any, depth: int, person: bool) -> Iterator[str]:
    if depth > DEEPEST:
        return
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _people(inner, depth + 1, person or _plain(str(name)) in PEOPLE)
    elif isinstance(value, list):
        for inner in value[:100]:
            yield from _people(inner, depth + 1, person)
    elif person and isinstance(value, str) and len(value) >= SHORTEST_PERSON:
        yield value


def _field(name: str, value: Any, pepper: bytes, depth: int, known: frozenset[str]) -> Any:
    plain = _plain(name)
    if plain in SECRETS and value is not None and not isinstance(value, dict):
        return "(removed)"
    if plain in PEOPLE and value not in (None, "", {}, []):
        return _hashed(value, pepper)
    return redacted(value, pepper, depth, known=known)


def _clean(text: str, pepper: bytes, known: frozenset[str]) -> str:
    for person in known:
        text = text.replace(person, _hashed(person, pepper))
    return LOOKS.sub(lambda found: _instead(found, pepper), text)


def _instead(found: re.Match[str], pepper: bytes) -> str:
    kind, text = found.lastgroup, found.group(0)
    if kind == "card" and not _checks([int(digit) for digit in text if digit.isdigit()]):
        return text  # the long numbers of trades are none of a card
    return "(removed)" if kind == "key" else _hashed(text, pepper)


def _checks(digits: list[int]) -> bool:
    """Luhn's sum, which every number of a card has."""
    doubled = [one if place % 2 == 0 else one * 2 - 9 * (one > 4) for place, one in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def _hashed(value: Any, pepper: bytes) -> str:
    return "#" + hmac.new(pepper, repr(value).encode(), "sha256").hexdigest()[:24]


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")
