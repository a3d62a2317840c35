"""What may be kept of a conversation: people become keyed hashes, keys and signatures go."""

import hmac
from typing import Any

# compared in lower case, without _ and -
PEOPLE = {
    "openid", "subopenid", "buyerid", "buyeruserid", "buyeropenid", "buyerlogonid", "buyerphone", "buyeremail",
    "payerclientip", "customer", "email", "receiptemail", "phone", "name", "ip", "useridentifier", "debtoraccount",
    "userreceivedaccount", "last4", "fingerprint", "billingdetails", "shipping", "customerdetails", "customeremail",
    "ownername", "city", "line1", "line2", "postalcode", "buyername", "accountname",
}  # fmt: skip
SECRETS = {
    "sign", "signature", "paysign", "authorization", "clientsecret", "secret", "key", "apikey", "privatekey",
    "ciphertext", "alipaycertcontent", "stripesignature", "wechatpaysignature", "token", "downloadurl",
"billdownloadurl", }  # fmt: skip
DEEPEST, LONGEST = 12, 500


def redacted(value: Any, pepper: bytes, depth: int = 0) -> Any:
    """The same shape; equal people have equal hashes, which nobody without `pepper` can make."""
    if depth > DEEPEST:
        return "..."
    if isinstance(value, dict):
        return {str(name): _field(str(name), inner, pepper, depth + 1) for name, inner in value.items()}
    if isinstance(value, list):
        return [redacted(inner, pepper, depth + 1) for inner in value[:100]]
    if isinstance(value, str) and len(value) > LONGEST:
        return value[:LONGEST] + "..."
    return value


def _field(name: str, value: Any, pepper: bytes, depth: int) -> Any:
    plain = name.lower().replace("_", "").replace("-", "")
    if plain in SECRETS and not isinstance(value, (dict, list)):
        return "(removed)"
    if plain in PEOPLE and value not in (None, "", {}, []):
        return "#" + hmac.new(pepper, repr(value).encode(), "sha256").hexdigest()[:24]
    return redacted(value, pepper, depth)
