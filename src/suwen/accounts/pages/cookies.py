"""Cookies of accounts: no script reads them, no other site sends them; over TLS only in production."""

from litestar.datastructures import Cookie

from suwen.core.house import House
from suwen.core.web.identity import cookie_name


def session(house: House, token: str) -> Cookie:
    return private(house, cookie_name(house.production), token)


def no_session(house: House) -> Cookie:
    return private(house, cookie_name(house.production), "", max_age=0)


def private(house: House, name: str, value: str, path: str = "/", max_age: int | None = None) -> Cookie:
    return Cookie(
        name, value=value, path=path, httponly=True, secure=house.production, samesite="lax", max_age=max_age
    )  # fmt: skip
