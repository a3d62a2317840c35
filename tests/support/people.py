"""How a test acts as somebody: `people["li"]("GET", "/api/v1/me")`, `.page("/wallet")`, `.form("/sign-out")`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from httpx import Response
from litestar.testing import TestClient

from suwen.accounts.models import User
from suwen.accounts.service import confirming, sessions
from suwen.core.actor import GUEST, Actor
from suwen.core.house import House

AGAIN = timedelta(minutes=5)  # a session idles out in a quarter of an hour, and tests move the clock by days


@dataclass
class Person:
    """Somebody with a bearer token for the API and a browser with cookies for the pages. `id` is "" for a guest."""

    client: TestClient[Any]
    house: House
    login: str = "guest"
    id: str = ""
    role: str = "guest"
    doctor_id: str | None = None
    profiles: Mapping[str, str] = field(default_factory=dict)
    strong: bool = True
    cookies: dict[str, str] = field(default_factory=dict)
    _signed_in: tuple[str, datetime, Actor] | None = None

    def __call__(self, method: str, path: str, **options: Any) -> Response:
        """The API, with the bearer token (none for a guest)."""
        headers = {"authorization": f"Bearer {self.token}"} if self.id else {}
        return self._send(method, path, headers | dict(options.pop("headers", {})), options)

    def page(self, path: str, method: str = "GET", **options: Any) -> Response:
        """A page, as this person's browser asks for it. Redirects are not followed."""
        if self.id:
            self.cookies["session"] = self.token
        jar = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"accept": "text/html", "cookie": jar} | dict(options.pop("headers", {}))
        answer = self._send(method, path, headers, options)
        for name, value in answer.cookies.items():
            self.cookies[name] = value
        return answer

    def form(self, path: str, data: Mapping[str, Any] | None = None, **options: Any) -> Response:
        """A form posted from a page of ours: with the token against forgery."""
        if "csrftoken" not in self.cookies:
            self.page("/sign-in")
        fields = dict(data or {}) | {"_csrf_token": self.cookies.get("csrftoken", "")}
        return self.page(path, "POST", data=fields, **options)

    @property
    def token(self) -> str:
        """Of a session that is not idle, whatever the clock says."""
        now = self.house.clock()
        if self._signed_in is None or not timedelta() <= now - self._signed_in[1] < AGAIN:
            actor, expires = self.house.db.write(lambda tx: self._start(tx, now))
            self._signed_in = self.house.signer.issue(actor, expires), now, actor
        return self._signed_in[0]

    @property
    def actor(self) -> Actor:
        """For calling a service function directly."""
        if not self.id:
            return GUEST
        assert self.token
        assert self._signed_in
        return self._signed_in[2]

    def confirm(self) -> "Person":
        """Prove to be there, as the password would: for signing, in the five minutes that follow."""
        me = self.actor  # may begin a session: a write of its own
        self.house.db.write(lambda tx: confirming.confirm(tx, me, self.house.clock()))
        return self

    def _start(self, tx: Any, now: datetime) -> tuple[Actor, datetime]:
        user = tx.get_one(User, self.id)
        place = {"doctor_id": self.doctor_id, "ip": "", "agent": "tests"}
        return sessions.start(tx, user, now, kind="api", strong=self.strong and self.role != "patient", **place)

    def _send(self, method: str, path: str, headers: dict[str, str], options: dict[str, Any]) -> Response:
        self.client.cookies.clear()  # the client is everybody's
        answer: Response = self.client.request(method, path, headers=headers, **options)
        return answer
