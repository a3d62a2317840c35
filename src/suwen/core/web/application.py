"""Litestar, given all addresses at once, and what a route takes is looked at when somebody first asks for it.

Litestar analyses every handler when it starts: its parameters, a class to parse them into, what it resolves from the
layers above. With nine hundred handlers that is a third of the time of a start and 15 MB, and most of them are never
called in the life of a process. It takes under a millisecond when one is.
"""

from collections.abc import Iterable
from copy import copy
from typing import TYPE_CHECKING, Any

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

if TYPE_CHECKING:
    from litestar.types import HTTPScope, Receive, Send

NOT_YET: Any = None


class Address(HTTPRoute):
    """One path, with a handler for each method."""

    async def handle(self, scope: "HTTPScope", receive: "Receive", send: "Send") -> None:  # type: ignore[override]
        if self.route_handler_map[scope["method"]][1] is NOT_YET:
            self.analyse(scope["method"], scope["litestar_app"])
        await super().handle(scope, receive, send)

    def create_handler_map(self) -> None:
        for handler in self.route_handlers:
            for method in handler.http_methods:
                if method in self.route_handler_map:
                    raise ValueError(f"Two handlers for {method} {self.path}")
                self.route_handler_map[method] = (handler, NOT_YET)

    def analyse(self, method: Any, app: Litestar) -> None:
        """What Litestar does with a handler at registration."""
        handler = self.route_handler_map[method][0]
        handler.on_registration(app)
        model = handler.create_kwargs_model(path_parameters=self.path_parameters)
        self.route_handler_map[method] = (handler, model)


class Application(Litestar):
    def take(self, handlers: Iterable[Any]) -> None:
        """Register many. Litestar's own way compares each with all that came before, and copies them twice."""
        addresses: dict[str, list[HTTPRouteHandler]] = {}
        for given in handlers:
            if not isinstance(given, HTTPRouteHandler):
                self.register(given)
                continue
            handler = copy(given)  # the same module may serve several applications
            handler.owner = self
            for path in handler.paths:
                addresses.setdefault(path, []).append(handler)
        for path, found in addresses.items():
            route = Address(path=path, route_handlers=found)
            route.create_handler_map()
            self.routes.append(route)
            for plugin in self.plugins.receive_route:
                plugin.receive_route(route)
        self.asgi_router.construct_routing_trie()
