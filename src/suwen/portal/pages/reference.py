"""The API as a page to read, made from the document that programs read."""

from functools import lru_cache
from typing import Any

from litestar import Litestar, Request
from litestar.routes import HTTPRoute

from suwen.core.i18n import N_
from suwen.core.web.answers import Page
from suwen.core.web.routes import ANYONE, page, routes_of
from suwen.portal import rules
from suwen.portal.service.examples import with_examples


@page("/api/docs", who=ANYONE)
def reference(request: Request[Any, Any, Any], q: str | None = None) -> Page:
    """Operations by tag, with parameters, bodies, answers and who may call; `q` keeps those that contain the text."""
    groups, structs = _read(request.app)
    shown = {"groups": rules.containing(groups, (q or "").strip()), "q": q or "", "structs": structs, "lead": LEAD}
    return Page("portal/reference.html", shown)


@lru_cache(maxsize=1)
def _read(app: Litestar) -> tuple[rules.Groups, rules.Structs]:
    """Once for a process: the document does not change, and to write it out is most of the work."""
    document = with_examples(app.openapi_schema.to_schema())
    who = {
        (route.path, method): handler.opt.get("who", ())
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method, (handler, _) in route.route_handler_map.items()
    }
    groups = rules.operations(document, {path_of(place): allowed for place, allowed in who.items()})
    return groups, rules.structs(document)


LEAD = N_("JSON over HTTPS. Sign in with POST /api/v1/sessions and send the token as a bearer.")


def path_of(place: tuple[str, str]) -> tuple[str, str]:
    """Litestar's '/x/{id:str}' is OpenAPI's '/x/{id}'."""
    path, method = place
    parts = [part.partition(":")[0] + "}" if part.startswith("{") and ":" in part else part for part in path.split("/")]
    return "/".join(parts), method.lower()


ROUTES = routes_of(reference)
