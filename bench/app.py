"""The real application, made as `suwen serve` makes it, with the routes of the bench beside it."""

from typing import TYPE_CHECKING

from suwen import serving

if TYPE_CHECKING:
    from litestar import Litestar


def bench_app() -> "Litestar":
    app = serving.app()
    from bench.routes import ROUTES

    for route in ROUTES:
        app.register(route)
    return app
