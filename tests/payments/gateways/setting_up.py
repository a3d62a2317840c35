"""Setting gateways up as an administrator does: helpers of the tests about it."""

import contextlib
from pathlib import Path

import httpx

from suwen.app import build_house
from suwen.payments.config_fields import FIELDS
from suwen.payments.service.channels import Channels

API = "/api/v1/payment-gateways"
PAGE = "/admin/payments/gateways/"


def beside(house, clock):
    """Gateways that read the clock of the test and are patient for two seconds. Closed with the database."""
    http = httpx.Client(timeout=2, trust_env=False, verify=False)
    return house.db.beside("gateways", lambda: Channels(house.db, clock=clock, http=http))


@contextlib.contextmanager
def another(settings, clock):
    """A second house on the same database, as another process has it: nothing but the database is between them."""
    made = build_house(settings)
    beside(made, clock)
    try:
        yield made
    finally:
        made.db.close()
        made.threads.shutdown()
        made.slow.shutdown()
        made.press.close()


def values(sim, gateway):
    """What a person would type: the text of each file, not its name."""
    found = {}
    for one in FIELDS[gateway]:
        if value := sim.environment.get(one.name, ""):
            found[one.key] = Path(value).read_text() if one.kind in ("private", "public", "certificate") else value
    return found


def save(admin, gateway, typed, revision=0, **more):
    admin.confirm()
    return admin("PUT", f"{API}/{gateway}/settings", json={"values": typed, "revision": revision, **more})
