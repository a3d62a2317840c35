"""Gateways as an administrator sees them: settings without their values, what was said, what did not fit."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from suwen.core.schemas import Input, Version, View
from suwen.payments.schemas.seconded import Seconded

GatewayName = Literal["wechat", "alipay", "card"]
Typed = Annotated[str, msgspec.Meta(max_length=60_000)]
Resolution = Literal[
    "nothing_to_do", "refunded", "booked_by_hand", "setting_corrected", "gateway_asked", "attack", "other"
]


class FieldView(View):
    """One setting. `shown` is a mask: four characters at most, a fingerprint, or the path that the environment names.
    `source` is environment, database, or empty where it is not set.
    """

    key: str
    name: str
    meaning: str
    kind: str
    needed: bool
    source: str
    shown: str
    saved_at: datetime | None


class ChannelView(View):
    """`state` is none (nothing is set), incomplete (see `missing` and `problems`) or ready. `notify_url` is where the
    gateway sends its reports. `scenes` are offered to people who pay, of those that are `possible`.
    """

    gateway: str
    state: str
    sources: list[str]
    enabled: bool
    scenes: list[str]
    possible: list[str]
    missing: list[str]
    problems: list[str]
    fields: list[FieldView]
    revision: int
    notify_url: str


class ConfigInput(Input):
    """`values` by the `key` of a setting; what is not named stays. `clear` removes. `revision` is what was read."""

    values: dict[str, Typed] = {}
    clear: list[Annotated[str, msgspec.Meta(max_length=50)]] = []
    revision: Version = 0


class OffersInput(Input):
    enabled: bool = False
    scenes: list[Literal["qr", "page", "phone", "inside"]] = []
    revision: Version = 0


class Proof(Input, kw_only=True):
    """On a page the proof that it is you comes with the form."""

    password: str | None = None
    code: str | None = None


class ConfigForm(Proof, kw_only=True):
    """All settings of all gateways; a form has those of one."""

    mchid: Typed | None = None
    app_id: Typed | None = None
    mobile_app_id: Typed | None = None
    serial: Typed | None = None
    private_key: Typed | None = None
    apiv3_key: Typed | None = None
    public_key_id: Typed | None = None
    public_key: Typed | None = None
    certificates: Typed | None = None
    base: Typed | None = None
    backup: Typed | None = None
    seller_id: Typed | None = None
    public_keys: Typed | None = None
    app_certificate: Typed | None = None
    root_certificates: Typed | None = None
    secret_key: Typed | None = None
    publishable_key: Typed | None = None
    webhook_secrets: Typed | None = None
    clear: list[str] = []
    revision: Version = 0

    def entry(self) -> ConfigInput:
        rest = ("clear", "revision", "password", "code")
        values = {name: value for name, value in msgspec.structs.asdict(self).items() if name not in rest and value}
        return ConfigInput(values=values, clear=self.clear, revision=self.revision)


class OffersForm(Proof, kw_only=True):
    enabled: bool = False
    scenes: list[Literal["qr", "page", "phone", "inside"]] = []
    revision: Version = 0

    def entry(self) -> OffersInput:
        return OffersInput(enabled=self.enabled, scenes=self.scenes, revision=self.revision)


class ConnectionView(View):
    """What became of a question to the gateway about a payment that does not exist. `state` is ok, note or bad;
    `code` a stable word; `words` and `fix` are English.
    """

    gateway: str
    state: str
    code: str
    words: str
    fix: str
    detail: str


class ExchangeRow(View):
    """`http_status` is 0 where no answer came (and for pages of Alipay, which are signed here and opened by the
    payer). `failed`: no answer, or a refusal, which Alipay sends with status 200."""

    id: str
    created_at: datetime
    gateway: str
    out_no: str | None
    method: str
    path: str
    host: str
    http_status: int
    failed: bool


class ExchangeView(ExchangeRow):
    sent: Any
    received: Any


class ReportRow(View):
    id: str
    created_at: datetime
    gateway: str
    event_id: str
    event_type: str
    kind: str
    out_no: str | None
    deliveries: int
    outcome: str
    processed_at: datetime | None


class ReportView(ReportRow):
    content: dict[str, Any]


class AnomalyRow(View):
    id: str
    created_at: datetime
    kind: str
    gateway: str | None
    order_id: str | None
    refund_id: str | None
    count: int
    last_at: datetime | None
    status: str
    resolution: str | None
    resolved_at: datetime | None


class AnomalyView(AnomalyRow):
    """`facts` names no person and no secret."""

    transaction_id: str | None
    order_no: str | None
    facts: dict[str, Any]
    note: str | None
    resolver: str | None


class ResolutionInput(Seconded, kw_only=True):
    resolution: Resolution
    note: Annotated[str, msgspec.Meta(max_length=500)] | None = None


class AnomalyFilters(msgspec.Struct, kw_only=True, frozen=True):
    status: str | None = None
    kind: str | None = None
    gateway: str | None = None


class TalkFilters(msgspec.Struct, kw_only=True, frozen=True):
    """Of exchanges and reports. `number` is that of an attempt or of a refund."""

    number: str | None = None
    gateway: str | None = None
    failed: bool = False
    outcome: str | None = None
