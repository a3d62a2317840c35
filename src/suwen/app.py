"""The one place that knows every package: explicit lists, no discovery."""

import os
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar, Request
from litestar.config.csrf import CSRFConfig
from litestar.datastructures import State
from litestar.middleware import DefineMiddleware
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

# Jobs are registered by being imported.
import suwen.accounts.jobs
import suwen.clinics.jobs
import suwen.consultations.jobs
import suwen.notifications.jobs
import suwen.payments.jobs
import suwen.prescribing.jobs
import suwen.reviews.jobs
import suwen.scheduling.jobs  # noqa: F401
from suwen import __version__
from suwen.accounts import api as accounts_api
from suwen.accounts import checkup as lookups
from suwen.accounts import pages as accounts_pages
from suwen.accounts.models import PatientProfile, SecondFactor
from suwen.accounts.service import sessions
from suwen.clinics import api as clinics_api
from suwen.clinics import catalogues as clinics_catalogues
from suwen.clinics import pages as clinics_pages
from suwen.clinics.models import Doctor
from suwen.consultations import api as consultations_api
from suwen.consultations import pages as consultations_pages
from suwen.consultations import sockets as consultations_sockets
from suwen.core import outbox
from suwen.core.crypto import FieldKeys
from suwen.core.db import Database, Record
from suwen.core.house import SLOW, House
from suwen.core.hub import RedisRelay
from suwen.core.sealed import key_is_here
from suwen.core.sessions import SessionWatch
from suwen.core.threads import Threads
from suwen.core.tokens import Signer
from suwen.core.web import catalogue, headers, problems, static, styleguide, system
from suwen.core.web.application import Application
from suwen.core.web.csrf import BrowserCsrf
from suwen.notifications import api as notifications_api
from suwen.notifications import pages as notifications_pages
from suwen.notifications import sockets as notifications_sockets
from suwen.payments import api as payments_api
from suwen.payments import pages as payments_pages
from suwen.payments.models import Claim, PaymentConfig
from suwen.portal import api as portal_api
from suwen.portal import pages as portal_pages
from suwen.portal.service.examples import with_examples
from suwen.prescribing import api as prescribing_api
from suwen.prescribing import pages as prescribing_pages
from suwen.prescribing import reference
from suwen.prescribing import service as prescribing_service
from suwen.prescribing.jurisdictions import jurisdiction, refuse_policy
from suwen.prescribing.models import SafetyEvaluation, SigningKey
from suwen.reviews import api as reviews_api
from suwen.reviews import catalogues as reviews_catalogues
from suwen.reviews import pages as reviews_pages
from suwen.reviews import service as reviews_service
from suwen.scheduling import api as scheduling_api
from suwen.scheduling import pages as scheduling_pages
from suwen.settings import Settings
from suwen.tables import metadata

EDGES = (
    notifications_api,
    notifications_pages,
    notifications_sockets,
    accounts_api,
    accounts_pages,
    clinics_api,
    clinics_pages,
    payments_api,
    payments_pages,
    scheduling_api,
    scheduling_pages,
    consultations_api,
    consultations_pages,
    consultations_sockets,
    prescribing_api,
    prescribing_pages,
    reviews_api,
    reviews_pages,
    portal_api,
    portal_pages,
)
CATALOGUES = (clinics_catalogues, reviews_catalogues)

# Every collection of the document store, for `suwen documents`.
DOCUMENTS = (prescribing_service.COLLECTION, reviews_service.COLLECTION)

# Every encrypted column, for `suwen rotate-keys`.
SEALED: tuple[tuple[type[Record], str], ...] = (
    (PatientProfile, "id_number"),
    (PatientProfile, "medical_history"),
    (PatientProfile, "allergies"),
    (SecondFactor, "secret"),
    (Doctor, "id_number"),
    (PaymentConfig, "config_value"),
    (Claim, "policy_no"),
    (SigningKey, "private_key"),
    (SafetyEvaluation, "input"),
    (SafetyEvaluation, "findings"),
)

GATEWAY_SETTINGS = ("SUWEN_WECHAT_", "SUWEN_ALIPAY_", "SUWEN_CARD_")


def build_house(settings: Settings) -> House:
    """Everything a request, a socket or a job needs, but no server."""
    _refuse_unsafe_gateways(settings)
    jurisdiction(settings.jurisdiction)
    refuse_policy(settings.policy)
    reference.use(settings)
    metadata()  # foreign keys between packages resolve only when all tables are known
    keys = FieldKeys(settings.field_keys)
    # The loop, the outbox worker's two lanes and the second pool share the connections with the threads.
    db = Database(settings.database_url, connections=settings.request_threads + 8, keys=keys, settings=settings)
    house = House(
        settings, db, Signer(settings.secret), keys,
        threads=Threads(settings.request_threads, "request"),
        slow=ThreadPoolExecutor(4, thread_name_prefix=SLOW),
    )  # fmt: skip
    house.sessions = SessionWatch(sessions.alive, sessions.touch, sessions.renew)
    _refuse_unsafe_rows(settings, db)
    db.listeners += [house.kept.drop, house.sessions.hear, house.hub.publish]
    if settings.redis_url:
        relay = RedisRelay(settings.redis_url, lambda topic, message: _from_elsewhere(house, topic, message))
        house.hub.relay = relay.send
    return house


def _refuse_unsafe_gateways(settings: Settings) -> None:
    """In production: keys of the simulator, keys for tests, addresses without TLS."""
    if not settings.production or not any(name.startswith(GATEWAY_SETTINGS) for name in os.environ):
        return
    # looked at only where there is something: an HTTP client is a quarter of a second
    from suwen.payments.gateways.configuration import BadConfiguration, unsafe

    try:
        wrong = unsafe(os.environ)
    except BadConfiguration as error:
        wrong = [str(error)]
    if wrong:
        raise SystemExit("Refusing to start in production:\n  " + "\n  ".join(wrong))


def _refuse_unsafe_rows(settings: Settings, db: Database) -> None:
    """The same of what was saved in the database: it may be a copy of one where people tried things out."""
    if not settings.production:
        return
    try:
        if not db.read(lambda tx: tx.scalar(select(PaymentConfig.id).limit(1))):
            return
    except DBAPIError:
        return  # before the first `suwen migrate`, or while the database is away
    from suwen.payments.service.configs import unsafe_rows

    if wrong := db.read(unsafe_rows):
        words = "\n  ".join(wrong)
        raise SystemExit(
            f"Refusing to start in production:\n  {words}\n"
            "  These were saved on /admin/payments. `suwen payments forget <gateway>` removes what was saved."
        )


def create_app(settings: Settings | None = None, house: House | None = None) -> Application:
    settings = settings or (house.settings if house else Settings.from_environment())
    house = house or build_house(settings)
    refuse_lost_keys(house)
    _refuse_doubtful_data(settings)
    csrf = CSRFConfig(
        secret=settings.secret, cookie_secure=settings.production, exclude_from_csrf_key="exclude_from_csrf"
    )
    made = Application(
        exception_handlers={Exception: problems.answer},
        before_send=[headers.dress],
        middleware=[DefineMiddleware(BrowserCsrf, config=csrf)],
        lifespan=[_lifespan],
        state=State({"house": house}),
        openapi_config=_openapi(),
        request_max_body_size=1_000_000,
        logging_config=None,
    )
    made.take(_routes())
    return made


def _refuse_doubtful_data(settings: Settings) -> None:
    """In production when the server starts, and not when the first doctor writes a prescription."""
    if settings.production:
        try:
            reference.reference()
        except reference.BadReference as error:
            raise SystemExit(f"Refusing to start in production: {error}\n  See `suwen reference list`.") from None


def refuse_lost_keys(house: House) -> None:
    """In production: a key of SUWEN_FIELD_KEYS is gone that rows still need. Whoever went on would find nobody by the
    ID number, and would write beside what cannot be read. `suwen rotate-keys` and `check` start without this."""
    if not house.settings.production or house.settings.keys_lost:
        return
    try:
        wrong = house.db.read(_lost_keys)
    except DBAPIError:
        return  # before the first `suwen migrate`, or while the database is away
    if wrong:
        words = "\n  ".join(wrong)
        raise SystemExit(
            f"Refusing to start in production:\n  {words}\n  {lookups.FIX}\n"
            "  SUWEN_KEYS_LOST=1 starts all the same, where a key is lost for good."
        )


def _lost_keys(tx: Session) -> list[str]:
    names = (f"{model.__tablename__}.{column}" for model, column in SEALED if not key_is_here(tx, model, column))
    wrong = [f"A key that {name} was sealed with is not among SUWEN_FIELD_KEYS." for name in names]
    return wrong if lookups.people_are_found(tx) else [lookups.LOST, *wrong]


@asynccontextmanager
async def _lifespan(app: Litestar) -> AsyncIterator[None]:
    house: House = app.state.house
    stop = threading.Event()
    worker = threading.Thread(target=outbox.work_until, args=(stop, house.db, house.clock), name="outbox")
    if house.settings.worker:
        worker.start()
    yield
    stop.set()
    if house.settings.worker:
        worker.join(10)
    house.press.close()
    house.db.close()


class Document(JsonRenderPlugin):
    """Written out once for a process: it does not change."""

    written: bytes | None = None

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        if self.written is None:
            self.written = self.render_json(request, with_examples(openapi_schema))
        return self.written


def _openapi() -> OpenAPIConfig:
    bearer = SecurityScheme(type="http", scheme="bearer", description="`POST /api/v1/sessions` answers with one.")
    return OpenAPIConfig(
        title="素问 Suwen",
        version=__version__,
        description="Every refusal is `application/problem+json` with a stable `code`. Lists are paged by `after`. "
        "`Idempotency-Key` on a POST that names it makes repeating it harmless. "
        "Amounts are minor units; moments are UTC.",
        path="/api",
        render_plugins=[Document(path="/openapi.json")],
        components=Components(security_schemes={"bearer": bearer}),
        security=[{"bearer": []}],
    )


def _routes() -> list[Any]:
    edges = [route for edge in EDGES for route in edge.ROUTES]
    entries = (entry for module in CATALOGUES for entry in module.CATALOGUES)
    catalogues = [route for entry in entries for route in catalogue.routes(entry)]
    return [*system.ROUTES, *styleguide.ROUTES, static.static_files, *edges, *catalogues]


def _from_elsewhere(house: House, topic: str, message: Any) -> None:
    """News of another process: drop what is kept here, and tell the sockets of this one."""
    house.kept.drop(topic)
    house.sessions.hear(topic)
    house.hub.deliver(topic, message)
