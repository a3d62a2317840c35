"""Prices, for statements of other packages that are made anyway."""

from typing import Any

from sqlalchemy import ColumnElement, select

from suwen.core.packed import packed_list
from suwen.payments import rules
from suwen.payments.models import Price

_columns = Price.__table__.c
READ = {name: _columns[name] for name in rules.Priced.__annotations__}
ACTIVE = select(*READ.values()).where(_columns.is_active.is_(True))


def of_service(service: Any) -> ColumnElement[str]:
    """What `payments.price_for` would read of a service (an expression), as one text for its argument `known`."""
    return packed_list(READ).where(_columns.is_active.is_(True), _columns.service_type == service).scalar_subquery()
