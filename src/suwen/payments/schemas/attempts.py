"""Trying to pay through a gateway: the ways there are, and what the payer is shown."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from suwen.core.schemas import Input, View

GatewayName = Literal["wechat", "alipay", "card"]
Scene = Literal["qr", "page", "phone", "inside", "app", "client"]


class Way(View):
    """A gateway with the scene that suits: qr (a code to scan), page or phone (go there), client (a script)."""

    gateway: str
    scene: str


class Choice(Input):
    """`payer_ref` is the payer's openid, needed only where the scene is inside WeChat."""

    gateway: GatewayName
    scene: Scene
    payer_ref: Annotated[str, msgspec.Meta(max_length=128)] = ""


class AttemptView(View):
    """`phase` is begun while the gateway is asked, offered with an `offer`, closing and closed when given up, paid,
    or failed with the gateway's `error_code`. `offer` has `kind` (qr, redirect, client), `text` of a code, `url` to go
    to, or `parameters` for a script or an app; and `until` where it is of use for a shorter time than the attempt:
    the same way chosen after that is a new attempt.
    """

    id: str
    order_id: str
    gateway: str
    scene: str
    phase: str
    amount: int
    currency: str
    expires_at: datetime | None
    offer: dict[str, Any] | None
    error_code: str | None
    created_at: datetime


class Asked(View):
    """Whether the gateway is being asked now; false when nothing is open, or it was asked a moment ago."""

    asking: bool
