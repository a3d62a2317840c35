"""Alipay's bill: a zip with CSV in GBK, whose lines of explanation begin with #."""

import csv
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator

from suwen.payments.gateways.amounts import fen, from_china, rounded_fen
from suwen.payments.gateways.errors import Unreadable
from suwen.payments.gateways.terms import Line

LARGEST = 512_000_000
MOST_FILES = 20
# What the zip's reader raises where bytes are other ones: a bad code, a negative length, no GBK.
SPOILT = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, OSError, EOFError, ValueError, RuntimeError
)  # fmt: skip
KINDS = {"交易": "payment", "退款": "refund"}


def texts(file: bytes) -> list[str]:
    """The CSV files of the zip, decoded. Names in it are GBK too, so they are looked at for a word only."""
    try:
        with zipfile.ZipFile(io.BytesIO(file)) as packed:
            entries = [one for one in packed.infolist() if one.filename.lower().endswith(".csv")]
            if len(entries) > MOST_FILES or sum(one.file_size for one in entries) > LARGEST:
                raise Unreadable("a bill without end")
            return [packed.read(one).decode("gbk") for one in entries]
    except SPOILT:
        raise Unreadable("a bill that cannot be unpacked") from None


def trades(file: bytes) -> list[Line]:
    """The rows of the detailed bill; the summary in the same zip has other columns."""
    found, seen = list[Line](), False
    for text in texts(file):
        rows = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
        names = [name.strip() for name in next(_values(rows[:1]), [])]
        if "支付宝交易号" not in names or "业务类型" not in names:
            continue
        seen = True
        for values in _values(rows[1:]):
            if len(values) != len(names):
                raise Unreadable("a row of another shape")
            found.append(_line({name: value.strip() for name, value in zip(names, values, strict=True)}))
    if not seen:
        raise Unreadable("a bill without a list of trades")
    return found


def _values(rows: list[str]) -> Iterator[list[str]]:
    try:
        yield from csv.reader(rows)
    except csv.Error:
        raise Unreadable("a row of another shape") from None


def _line(row: dict[str, str]) -> Line:
    try:
        kind = KINDS[row["业务类型"]]
        refund = kind == "refund"
        return Line(
            kind="refund" if refund else "payment",
            out_no=row["商户订单号"],
            external_id=row["支付宝交易号"],
            amount=abs(fen(row["订单金额（元）"])),
            currency="CNY",
            at=from_china(row["完成时间"]),
            state="SUCCESS",
            fee=-rounded_fen(row["服务费（元）"]),
            out_refund_no=row["退款批次号/请求号"] if refund else "",
            external_refund_id=row["退款批次号/请求号"] if refund else "",
        )
    except KeyError as error:
        raise Unreadable(f"a bill without {error.args[0]}") from None
