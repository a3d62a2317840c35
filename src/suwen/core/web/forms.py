"""From what a browser posts to the struct that a service takes."""

from types import NoneType
from typing import Any, Union, get_args, get_origin

import msgspec
from litestar import Request

from suwen.core.errors import Invalid
from suwen.core.i18n import N_
from suwen.core.web.problems import field_of

OURS = ("_csrf_token", "_once")
TRUE = {"on", "true", "1", "yes"}


class BadForm(Invalid):
    code, title = "bad_form", "Please look at the marked places."


async def read_form(request: Request[Any, Any, Any]) -> tuple[dict[str, Any], str | None]:
    """The fields as they were typed (repeated names as a list), and the key that makes a double click harmless."""
    form = await request.form()
    typed: dict[str, Any] = {}
    for name, value in form.multi_items():
        if isinstance(value, str) and "\x00" in value:
            raise BadForm(fields={name: "This text has a character that cannot be stored."})
        if name in typed:
            before = typed[name]
            typed[name] = [*before, value] if isinstance(before, list) else [before, value]
        else:
            typed[name] = value
    once = typed.get("_once")
    return {name: value for name, value in typed.items() if name not in OURS}, once if isinstance(once, str) else None


def struct_from(typed: dict[str, Any], kind: type[Any]) -> Any:
    """Convert; BadForm names each field that does not fit. An empty field counts as not given."""
    values = _fitted(_nested(typed), kind)
    wrong: dict[str, str] = {}
    for field in msgspec.structs.fields(kind):
        if field.required and values.get(field.encode_name) in (None, ""):
            wrong[field.encode_name] = "Please fill this in."
    if wrong:
        raise BadForm(fields=wrong)
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise BadForm(fields=_said(str(error))) from None


def _said(message: str) -> dict[str, str]:
    [(place, text)] = field_of(message).items()
    if "unknown field" in text:
        return {"body": text}
    if "Expected `str` of length" in text:
        return {place: N_("This is too long.") if "<=" in text else N_("This is too short.")}
    return {place: "This does not fit here. Please correct it."}


def _nested(typed: dict[str, Any]) -> dict[str, Any]:
    """'items.0.name' -> {'items': [{'name': ...}]}, in the order of the numbers."""
    plain: dict[str, Any] = {}
    groups: dict[str, dict[int, dict[str, Any]]] = {}
    for name, value in typed.items():
        head, _, rest = name.partition(".")
        number, _, tail = rest.partition(".")
        if tail and number.isdigit():
            groups.setdefault(head, {}).setdefault(int(number), {})[tail] = value
        else:
            plain[name] = value
    for head, lines in groups.items():
        filled = (lines[place] for place in sorted(lines))
        plain[head] = [line for line in filled if any(value not in ("", None) for value in line.values())]
    return plain


def _fitted(values: dict[str, Any], kind: type[Any]) -> dict[str, Any]:
    """Leave out what is empty, read tick boxes, make a list of a single choice."""
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    fitted: dict[str, Any] = {}
    for name, value in values.items():
        field = fields.get(name)
        wanted = _plain_type(field.type) if field else None
        if wanted is bool:
            fitted[name] = str(value).lower() in TRUE
        elif value in ("", None):
            if field is None or (wanted is str and field.required):
                fitted[name] = value
        elif get_origin(wanted) is list:
            fitted[name] = _listed(value, wanted)
        else:
            fitted[name] = value.strip() if isinstance(value, str) and wanted is not str else value
    for name, field in fields.items():
        if name not in values and _plain_type(field.type) is bool:
            fitted[name] = False  # a tick box that is not ticked is not sent
    return fitted


def _listed(value: Any, wanted: Any) -> list[Any]:
    items = value if isinstance(value, list) else [value]
    inner = get_args(wanted)[0]
    if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
        return [_fitted(item, inner) if isinstance(item, dict) else item for item in items]
    return [item for item in items if item != ""]


def _plain_type(kind: Any) -> Any:
    """`str | None` -> str; Annotated[str, ...] -> str."""
    while hasattr(kind, "__metadata__"):
        kind = kind.__origin__
    args = [arg for arg in get_args(kind) if arg is not NoneType]
    is_union = get_origin(kind) is Union or type(kind).__name__ == "UnionType"
    if is_union and len(args) == 1:
        return _plain_type(args[0])
    return kind
