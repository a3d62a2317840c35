"""Is the connection good? A gateway is asked about a payment that does not exist; that it says so is the proof.

HTTP, so outside of transactions.
"""

import os
from datetime import timedelta
from typing import Any

from suwen.core.db import Database
from suwen.core.errors import NotFound
from suwen.core.i18n import N_
from suwen.payments.errors import NotSetUp
from suwen.payments.gateways import Busy, Gateway, GatewayError, Refused, Unauthentic
from suwen.payments.models import METHOD_OF
from suwen.payments.schemas.channels import ConnectionView
from suwen.payments.service.channels import channels_of

SKEW = timedelta(seconds=60)
FINE = N_("The connection is good: the gateway knows our key, and we know its key.")
WORDS = {
    "ok": (FINE, ""),
    "clock_off": (
        N_("The connection is good, but this server's clock is more than a minute off: reports may be refused."),
        N_("Set the server's clock by the network (NTP)."),
    ),
    "clock": (
        N_("The gateway refuses us because this server's clock is wrong."),
        N_("Set the server's clock by the network (NTP), then test again."),
    ),
    "key": (
        N_("The gateway does not accept our signature or key."),
        N_("Compare the private or secret key, its serial number and the merchant number with the gateway's console."),
    ),
    "account": (
        N_("The gateway does not know this app or merchant, or they do not belong together."),
        N_("Compare the app id and the merchant number with the gateway's console, and that the app is bound to it."),
    ),
    "permission": (
        N_("The gateway knows us, but does not let us do this."),
        N_("Look in the gateway's console whether the product is signed for and this server's address is on its list."),
    ),
    "their_key": (
        N_("An answer came, but its signature does not fit the gateway's key that is set here."),
        N_("Fetch the gateway's public key or certificate from its console again. It is not your own public key."),
    ),
    "unreachable": (
        N_("The gateway cannot be reached."),
        N_("Look at the server's way to the internet, its firewall and name server, and at the address that is set."),
    ),
    "busy": (N_("The gateway is busy and takes no question now."), N_("Test again in a minute.")),
    "unknown": (
        N_("The gateway did not answer in time, or with something that is no answer."),
        N_("Test again in a minute; then look at the exchanges and at the gateway's own page about its state."),
    ),
    "refused": (
        N_("The gateway answers with a refusal that is not known here."),
        N_("The exchanges show its own words."),
    ),
}
KEY = {"SIGN_ERROR", "isv.invalid-signature", "isv.invalid-signature-type", "isv.missing-signature-key",
       "isv.app-cert-sn-invalid", "isv.root-cert-sn-invalid", "isv.missing-signature-config", "api_key_invalid",
       "api_key_expired"}  # fmt: skip
ACCOUNT = {"isv.invalid-app-id", "isv.missing-app-id", "APPID_MCHID_NOT_MATCH", "MCH_NOT_EXISTS", "PARAM_ERROR",
           "INVALID_REQUEST"}  # fmt: skip
CLOCK = {"isv.invalid-timestamp", "isv.missing-timestamp"}
PERMISSION = {"NO_AUTH", "RULE_LIMIT", "isv.insufficient-isv-permissions", "isv.insufficient-user-permissions",
              "ACQ.ACCESS_FORBIDDEN", "isv.ip-not-allowed", "more_permissions_required"}  # fmt: skip


def try_connection(db: Database, gateway: str) -> ConnectionView:
    """Ask, and say in plain words what became of it. NotSetUp where nothing can be asked."""
    if gateway not in METHOD_OF:
        raise NotFound()
    channels = channels_of(db)
    found = channels.gateways.get(gateway)
    if found is None:
        raise NotSetUp("\n".join(channels.wrong.get(gateway, [])) or None)
    detail = ""
    try:
        found.query(f"TEST{os.urandom(11).hex().upper()}")
        code = "clock_off" if _off(found) else "ok"
    except GatewayError as error:
        code, detail = _meaning(found, error), str(error)[:300]
    words, fix = WORDS[code]
    state = {"ok": "ok", "clock_off": "note", "busy": "note"}.get(code, "bad")
    return ConnectionView(gateway=gateway, state=state, code=code, words=words, fix=fix, detail=detail)


def _meaning(gateway: Gateway, error: GatewayError) -> str:
    match error:
        case Unauthentic():
            return "clock" if _off(gateway) else "their_key"
        case Busy():
            return "unreachable" if "cannot be reached" in str(error) else "busy"
        case Refused():
            return _refusal(gateway, error)
    return "unknown"


def _refusal(gateway: Gateway, error: Refused) -> str:
    if error.code in CLOCK:
        return "clock"
    if error.code in KEY or error.status == 401:
        # WeChat Pay says the same word to a wrong key and to a wrong clock; its answer says what time it is there
        return "clock" if gateway.name == "wechat" and _off(gateway) else "key"
    if error.code in PERMISSION or error.status == 403:
        return "permission"
    return "account" if error.code in ACCOUNT else "refused"


def _off(gateway: Any) -> bool:
    ahead: timedelta | None = getattr(gateway, "wire").ahead  # noqa: B009
    return ahead is not None and abs(ahead) > SKEW
