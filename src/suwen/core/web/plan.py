"""What is known of a route before anybody asks, and of a request on its way through it."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

from litestar import Request

from suwen.core.actor import Actor
from suwen.core.house import House

Route = Callable[..., Any]
WRITING = {"POST", "PUT", "PATCH", "DELETE"}


@dataclass(eq=False)
class Plan:
    """What is known of a route when the program starts.

    kept: (topic, key) of an answer that everybody may share. audited: what is read here, so that a refused look is
    noted too. slow: the second pool. own: the function opens its transactions itself. weak: staff may come before
    their second factor. once: whether a repeated key replays the answer. before: slow work, done in the second pool
    before the transaction begins; what it returns is the function's argument `prepared`. shared: of a kept page, what
    stands between header and footer is the same for patients as for guests. raw: another machine speaks here, and
    proves who it is by what it sends: the function is given the `letter` as it came, and nobody is signed in, asked for
    a token against forgery, or replayed.
    """

    function: Route
    method: str
    path: str
    status: int
    who: frozenset[str]
    html: bool = False
    again: Route | None = None
    kept: Callable[..., tuple[str, str]] | None = None
    audited: str | None = None
    slow: bool = False
    own: bool = False
    weak: bool = False
    once: bool = True
    shared: bool = False
    raw: bool = False
    before: Route | None = None

    OPTIONS: ClassVar[tuple[str, ...]] = ("kept", "audited", "slow", "own", "weak", "once", "shared", "raw", "before")

    # Asked for when the route is: five hundred of them are a tenth of a second of a start.

    @cached_property
    def names(self) -> frozenset[str]:
        return frozenset(inspect.signature(self.function).parameters)

    @cached_property
    def data(self) -> Any:
        """The type of the body, None where there is none."""
        parameters = inspect.signature(self.function, eval_str=True).parameters
        return parameters["data"].annotation if "data" in parameters else None

    @cached_property
    def again_names(self) -> frozenset[str]:
        return frozenset(inspect.signature(self.again).parameters) if self.again else frozenset()

    @cached_property
    def before_names(self) -> frozenset[str]:
        return frozenset(inspect.signature(self.before).parameters) if self.before else frozenset()


@dataclass(frozen=True)
class Call:
    """One request on its way through a plan."""

    plan: Plan
    house: House
    request: Request[Any, Any, Any]
    me: Actor
    arguments: dict[str, Any]
    typed: dict[str, Any]
    key: str | None
    body: bytes
    now: datetime

    @property
    def by_itself(self) -> bool:
        """The page asks, and perhaps nobody sits before it: no use of the session (docs/decisions/0028)."""
        return "x-by-itself" in self.request.headers


@dataclass(frozen=True)
class Letter:
    """What came, byte for byte; `body` is None where it was larger than `LARGEST_LETTER`. `ip`: who brought it."""

    headers: list[tuple[str, str]]
    body: bytes | None
    ip: str


LARGEST_LETTER = 65_536
