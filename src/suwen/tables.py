"""Every module that declares tables. Migrations, the schema check and the generated docs read this list."""

from collections.abc import Iterator
from importlib import import_module

from sqlalchemy import MetaData, Table

MODULES = (
    "suwen.core.outbox",
    "suwen.core.audit",
    "suwen.core.idempotency",
    "suwen.core.ports.documents.embedded",
    "suwen.notifications.models",
    "suwen.accounts.models",
    "suwen.clinics.models",
    "suwen.payments.models",
    "suwen.scheduling.models",
    "suwen.consultations.models",
    "suwen.prescribing.models",
    "suwen.reviews.models",
)


def metadata() -> MetaData:
    """The whole schema; foreign keys between packages resolve only when all of them are loaded."""
    for module in MODULES:
        import_module(module)
    whole: MetaData = import_module("suwen.core.db").Base.metadata
    return whole


def by_module() -> Iterator[tuple[str, Table]]:
    """Each table with the module that declares it."""
    metadata()
    for mapper in import_module("suwen.core.db").Base.registry.mappers:
        yield mapper.class_.__module__, mapper.local_table
