"""What a server process runs: the application, made quickly.

Nothing made while it starts ever goes, so the collector of garbage only gets in the way: it is off until all is there,
and never looks at that part again.
"""

import asyncio
import contextlib
import gc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from litestar import Litestar

# What people open first; other templates are compiled when they are asked for.
FIRST_PAGES = ("portal/home.html", "scheduling/doctors.html", "scheduling/doctor.html", "accounts/sign_in.html")
M_ARENA_MAX = -8  # of malloc.h
SOON = 0.2  # seconds after which the first pages are made ready: whoever waits for the start is served before


def app() -> "Litestar":
    gc.disable()
    _share_one_heap()
    try:
        _read_tables()
        from suwen.app import create_app

        made = create_app()
        made.on_startup += [_settle_down, _warm_soon]
        return made
    finally:
        gc.freeze()
        gc.enable()


def _share_one_heap() -> None:
    """glibc gives threads heaps of their own, so that they need not wait for each other. Those of Python take turns
    anyway, and what is free in one heap is of no use to another."""
    with contextlib.suppress(ImportError, OSError, AttributeError):  # another C library
        import ctypes

        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)


def _read_tables() -> None:
    """Of dates and amounts. Reading them takes 4 MB more than they keep: the application is then made in that room."""
    from babel.core import get_global

    from suwen.core.i18n import DEFAULT, babel_locale

    get_global("likely_subtags")
    _ = babel_locale(DEFAULT).currency_formats


def _settle_down(made: "Litestar") -> None:
    if made.state.house.settings.one_processor:
        from suwen import placement

        placement.keep_together()


def _warm_soon(made: "Litestar") -> None:
    asyncio.get_running_loop().call_later(SOON, made.state.house.slow.submit, _warm)


def _warm() -> None:
    from sqlalchemy.orm import configure_mappers

    from suwen.core.i18n import DEFAULT
    from suwen.core.web.pages import environment

    configure_mappers()
    for name in FIRST_PAGES:
        environment(DEFAULT).get_template(name)
