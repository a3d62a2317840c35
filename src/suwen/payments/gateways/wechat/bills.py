"""WeChat Pay's bills: CSV in yuan, each value behind a backtick, a sum at the end."""

import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from suwen.payments.gateways.amounts import fen, from_china, rounded_fen
from suwen.payments.gateways.errors import Unreadable
from suwen.payments.gateways.terms import Line

LARGEST = 512_000_000  # of a bill that was unpacked
GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Flow:
    """A row of the bill of funds: what came into the merchant's account or left it. `balance` is what was there
    then."""

    at: datetime
    business_no: str
    flow_no: str
    kind: str
    incoming: bool
    amount: int
    balance: int
    proof: str


def unpacked(file: bytes, hash_type: str, hash_value: str) -> str:
    """The bill's text, if it is the one whose hash the signed answer named: the hash is of the file before packing."""
    plain = _gunzip(file) if file[:2] == GZIP else file
    if hash_type != "SHA1":
        raise Unreadable("a bill with a hash that is not known")
    if hashlib.sha1(plain, usedforsecurity=False).hexdigest() != hash_value.lower():
        raise Unreadable("the bill is not the one that was announced: its hash differs")
    return plain.decode("utf-8-sig")


def _gunzip(file: bytes) -> bytes:
    try:
        with gzip.open(io.BytesIO(file)) as packed:
            plain = packed.read(LARGEST + 1)
    except (OSError, EOFError, zlib.error):
        raise Unreadable("a bill that cannot be unpacked") from None
    if len(plain) > LARGEST:
        raise Unreadable("a bill without end")
    return plain


def trades(text: str) -> list[Line]:
    found = []
    for row in _rows(text):
        refund = row["交易状态"] != "SUCCESS"
        found.append(
            Line(
                kind="refund" if refund else "payment",
                out_no=row["商户订单号"],
                external_id=row["微信订单号"],
                amount=fen(row["退款金额"] if refund else row["应结订单金额"]) + fen(row["充值券退款金额"]) * refund,
                currency=row["货币种类"],
                at=from_china(row["交易时间"]),
                state=row["退款状态"] if refund else row["交易状态"],
                fee=rounded_fen(row["手续费"]),
                out_refund_no=row["商户退款单号"] if refund else "",
                external_refund_id=row["微信退款单号"] if refund else "",
            )
        )
    return found


def flows(text: str) -> list[Flow]:
    return [
        Flow(
            at=from_china(row["记账时间"]), business_no=row["微信支付业务单号"], flow_no=row["资金流水单号"],
            kind=row["业务类型"], incoming=row["收支类型"] == "收入", amount=fen(row["收支金额(元)"]),
            balance=fen(row["账户结余(元)"]), proof=row["业务凭证号"],
        )
        for row in _rows(text)
    ]  # fmt: skip


class _Row(dict[str, str]):
    def __missing__(self, name: str) -> str:
        raise Unreadable(f"a bill without the column {name}")


def _rows(text: str) -> Iterator[_Row]:
    """The rows between the headline and the sums; Unreadable where their number is not the one that is named there."""
    try:
        lines = list(csv.reader(io.StringIO(text)))
    except csv.Error:
        raise Unreadable("a row of another shape") from None
    if len(lines) < 3:
        raise Unreadable("a bill without sums")
    names = [name.strip() for name in lines[0]]
    body, sums = lines[1:-2], lines[-1]
    if not sums or sums[0].lstrip("`") != str(len(body)):
        raise Unreadable("a bill with rows missing")
    for line in body:
        if len(line) != len(names) or not all(value.startswith("`") for value in line):
            raise Unreadable("a row of another shape")
        yield _Row(zip(names, (value[1:].strip() for value in line), strict=True))
