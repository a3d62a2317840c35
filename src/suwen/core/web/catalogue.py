"""Reference tables without fifty copies of the same handlers.

A catalogue is data: a model, the struct that writes it and the columns that show it.
Where the model has a version, and the entry says which one was read, an old one is refused.
It takes no hooks. A table that needs a rule is not a catalogue; give it a service.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from types import NoneType
from typing import Any, Literal, get_args, get_origin

import msgspec
from litestar.handlers import HTTPRouteHandler
from sqlalchemy import String, cast, func, or_, select, true
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from suwen.core.db import Record, Versioned, changed, take
from suwen.core.errors import Conflict, NotFound
from suwen.core.export import BOM, csv_line
from suwen.core.i18n import N_
from suwen.core.paging import keyset
from suwen.core.web.answers import Download, Page, See
from suwen.core.web.routes import ANYONE, form, get, page, post, put, routes_of

ON_A_PAGE = 50


class AlreadyThere(Conflict):
    code, title = "already_there", "There is an entry with this code or name already."


@dataclass(frozen=True)
class Field:
    """One input of the admin page, read off the struct. `initial` is what a new entry begins with."""

    name: str
    label: str
    kind: str  # text, textarea, number, checkbox, date, select
    required: bool
    choices: tuple[str, ...] = ()
    hint: str = ""
    initial: Any = None


@dataclass(frozen=True)
class Catalogue:
    """`slug` names the API path and the admin page. `readers` may list all of it through the API; with None its package
    has a list of its own. `order` is a column, with a "-" before it the largest first.
    """

    slug: str
    title: str
    model: type[Record]
    entry: type[msgspec.Struct]
    columns: tuple[str, ...]
    order: str = "name"
    readers: frozenset[str] | None = ANYONE
    editors: tuple[str, ...] = ("admin",)
    intro: str = ""

    @property
    def topic(self) -> str:
        return f"catalogue:{self.slug}"

    @property
    def fields(self) -> list[Field]:
        return [_field(field) for field in msgspec.structs.fields(self.entry) if field.name != "version"]

    @property
    def versioned(self) -> bool:
        return issubclass(self.model, Versioned)

    @property
    def by(self) -> list[tuple[Any, str]]:
        way = "desc" if self.order.startswith("-") else "asc"
        return [(getattr(self.model, self.order.removeprefix("-")), way), (self.model.id, way)]

    def rows(self, tx: Session) -> list[Any]:
        """All rows in order."""
        ordered = (column.desc() if way == "desc" else column.asc() for column, way in self.by)
        return list(tx.scalars(select(self.model).order_by(*ordered)))

    def part(self, tx: Session, like: str, after: str | None) -> tuple[list[Any], str | None]:
        """One page of the rows in order; `like` keeps those whose shown columns contain the text."""
        shown = (func.lower(cast(getattr(self.model, name), String(255))) for name in self.columns)
        fitting = or_(*(column.contains(like.lower(), autoescape=True) for column in shown)) if like else true()
        return keyset(tx, select(self.model).where(fitting), self.by, after, ON_A_PAGE)

    def show(self, row: Any) -> dict[str, Any]:
        names = [field.name for field in msgspec.structs.fields(self.entry)]
        return {"id": row.id} | {name: getattr(row, name) for name in dict.fromkeys((*self.columns, *names))}

    def add(self, tx: Session, entry: msgspec.Struct) -> dict[str, Any]:
        return self._write(tx, self.model(), entry)

    def change(self, tx: Session, id: str, entry: msgspec.Struct) -> dict[str, Any]:
        """Conflict for whoever read an older version, where the table has versions."""
        row = self.found(tx, id)
        if self.versioned:
            take(tx, row, getattr(entry, "version", None))
        return self._write(tx, row, entry)

    def _write(self, tx: Session, row: Any, entry: msgspec.Struct) -> dict[str, Any]:
        """Save; AlreadyThere when a unique column has this value elsewhere."""
        for name, value in msgspec.structs.asdict(entry).items():
            if name != "version":
                setattr(row, name, value)
        tx.add(row)
        try:
            tx.flush()
        except IntegrityError:
            raise AlreadyThere() from None
        changed(tx, self.topic, "directory")
        return self.show(row)

    def found(self, tx: Session, id: str) -> Any:
        row = tx.get(self.model, id)
        if row is None:
            raise NotFound()
        return row

    def as_csv(self, tx: Session) -> Iterator[str]:
        yield BOM + csv_line(("id", *self.columns))
        for row in self.rows(tx):
            yield csv_line((row.id, *(getattr(row, c) for c in self.columns)))


def routes(catalogue: Catalogue) -> list[HTTPRouteHandler]:
    """The API and the admin page of one reference table."""
    Entry = catalogue.entry
    api, admin, slug = f"/api/v1/{catalogue.slug}", f"/admin/{catalogue.slug}", catalogue.slug
    tags = [catalogue.title]

    @post(api, who=catalogue.editors, tags=tags, operation_id=f"create_{slug}")
    def create(tx: Session, data: Entry) -> dict[str, Any]:  # type: ignore[valid-type]
        return catalogue.add(tx, data)

    @put(f"{api}/{{id:str}}", who=catalogue.editors, tags=tags, operation_id=f"change_{slug}")
    def change(tx: Session, id: str, data: Entry) -> dict[str, Any]:  # type: ignore[valid-type]
        return catalogue.change(tx, id, data)

    @page(admin, who=catalogue.editors)
    def listing(tx: Session, q: str | None = None, after: str | None = None) -> Page:
        rows, following = catalogue.part(tx, (q or "").strip(), after)
        shown = {"catalogue": catalogue, "rows": rows, "fields": catalogue.fields, "q": q or "", "row": None}
        return Page("catalogue.html", shown | {"next": following, "first": after is None})

    @page(f"{admin}/{{id:str}}", who=catalogue.editors)
    def editing(tx: Session, id: str) -> Page:
        shown = {"catalogue": catalogue, "rows": [], "fields": catalogue.fields, "q": ""}
        return Page("catalogue.html", shown | {"row": catalogue.found(tx, id)})

    @form(admin, again=listing, who=catalogue.editors)
    def add(tx: Session, data: Entry) -> See:  # type: ignore[valid-type]
        catalogue.add(tx, data)
        return See(admin, toast=N_("Saved."))

    @form(f"{admin}/{{id:str}}", again=editing, who=catalogue.editors)
    def edit(tx: Session, id: str, data: Entry) -> See:  # type: ignore[valid-type]
        catalogue.change(tx, id, data)
        return See(admin, toast=N_("Saved."))

    @page(f"{admin}.csv", who=catalogue.editors)
    def export() -> Download:
        return Download(catalogue.as_csv, "text/csv", f"{slug}.csv")

    index = [_index(catalogue, api)] if catalogue.readers is not None else []
    return routes_of(*index, create, change, listing, editing, add, edit, export)


def _index(catalogue: Catalogue, api: str) -> HTTPRouteHandler:
    assert catalogue.readers is not None

    @get(api, who=catalogue.readers, tags=[catalogue.title], operation_id=f"list_{catalogue.slug}",
         kept=lambda: (catalogue.topic, "all"))  # fmt: skip
    def index(tx: Session) -> list[dict[str, Any]]:
        return [catalogue.show(row) for row in catalogue.rows(tx)]

    return index


def _field(field: Any) -> Field:
    kind, meta = field.type, None
    if hasattr(kind, "__metadata__"):
        meta, kind = kind.__metadata__[0], kind.__origin__
    options = [arg for arg in get_args(kind) if arg is not NoneType] if get_origin(kind) is not Literal else [kind]
    inner = options[0] if options else kind
    if hasattr(inner, "__metadata__"):
        meta, inner = inner.__metadata__[0], inner.__origin__
    extra = (meta.extra or {}) if meta else {}
    label = (meta.title if meta else None) or field.name.replace("_", " ").capitalize()
    hint = (meta.description if meta else None) or ""
    initial = None if field.default is msgspec.NODEFAULT else field.default
    if get_origin(inner) is Literal:
        return Field(field.name, label, "select", field.required, tuple(map(str, get_args(inner))), hint, initial)
    names = {bool: "checkbox", int: "number", date: "date", datetime: "datetime-local"}
    return Field(field.name, label, extra.get("kind") or names.get(inner, "text"), field.required, (), hint, initial)
