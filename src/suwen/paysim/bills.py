"""Bills of a day from what the simulator remembers, with whatever differences it was told to make."""

import csv
import gzip
import hashlib
import io
import zipfile
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from typing import Any

from suwen.paysim.keys import Keys
from suwen.paysim.market import Market, fee
from suwen.paysim.store import Doc

CHINA = timezone(timedelta(hours=8))
TRADE_NAMES = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,"
    "应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,"
    "手续费,费率,订单金额,申请退款金额,费率备注"
)
TRADE_SUMS = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
FLOW_NAMES = (
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),"
    "资金变更提交申请人,备注,业务凭证号"
)
FLOW_SUMS = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额"
ALIPAY_NAMES = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,"
    "订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,"
    "商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"
)


def rows(market: Market, gateway: str, day: datetime) -> list[Doc]:
    """Payments and refunds done within 24 hours of `day`, with the injected differences: see `/_sim/bill`."""
    begin, end = day.timestamp(), (day + timedelta(days=1)).timestamp()
    market.tick()
    found = []
    for payment in market.store.all("payment"):
        if payment["gateway"] == gateway and payment["paid_at"] and begin <= payment["paid_at"] < end:
            found.append(_row("payment", payment, payment["amount"], payment["paid_at"]))
    for refund in market.store.all("refund"):
        if refund["gateway"] == gateway and refund["state"] == "success" and begin <= refund["done_at"] < end:
            payment = market.of_refund(refund)
            about = {"refund_no": refund["refund_no"], "external_refund_id": refund["external_id"]}
            found.append(_row("refund", payment, refund["amount"], refund["done_at"], **about))
    if gateway == "card":
        found += [row for row in _failed(market) if begin <= row["at"] < end]
    return _changed(market, gateway, sorted(found, key=lambda row: row["at"]), (begin, end))


def _failed(market: Market) -> list[Doc]:
    """A card's refund that failed: it left the account when it was made, and came back when the bank sent it back."""
    found = []
    for refund in market.store.all("refund"):
        if (refund["gateway"], refund["state"]) != ("card", "abnormal"):
            continue
        about = {"refund_no": refund["refund_no"], "external_refund_id": refund["external_id"], "state": "FAILED"}
        row = partial(_row, "refund", market.of_refund(refund), refund["amount"], **about)
        found += [row(at=refund["created"]), row(at=refund["done_at"], type="refund_failure")]
    return found


def _row(kind: str, payment: Doc, amount: int, at: float, **more: Any) -> Doc:
    row = {name: payment.get(name, "") for name in ("out_no", "external_id", "payer", "scene", "app_id", "description")}
    kept = fee(payment["gateway"], amount) * (1 if kind == "payment" else -1)
    common = {"kind": kind, "amount": amount, "paid": payment["amount"], "at": at, "fee": kept, "state": "SUCCESS"}
    return row | common | {"currency": payment["currency"], "refund_no": "", "external_refund_id": ""} | more


def _changed(market: Market, gateway: str, found: list[Doc], day: tuple[float, float]) -> list[Doc]:
    """missing and duplicate name numbers, amount and status map them to what to say; extra are rows of its own, of the
    day that they name (`type`: of another kind at the card gateway, its amount signed).

    The number is that of the refund for a refund, else that of the payment.
    """
    told = market.store.setting(f"bill:{gateway}", {})
    made: list[Doc] = []
    for row in found:
        number = row["refund_no"] or row["out_no"]
        if number in told.get("missing", []):
            continue
        row["amount"] += told.get("amount", {}).get(number, 0)
        row["state"] = told.get("status", {}).get(number, row["state"])
        made += [row] * (2 if number in told.get("duplicate", []) else 1)
    blank = {"kind": "payment", "payer": "", "scene": "native", "app_id": "", "description": "", "fee": 0,
        "state": "SUCCESS",
             "currency": "CNY", "refund_no": "", "external_refund_id": ""}  # fmt: skip
    for extra in told.get("extra", []):
        if not day[0] <= extra["at"] < day[1]:
            continue
        made.append(blank | {"paid": extra["amount"]} | extra)
    return made


def wechat_trades(found: list[Doc], keys: Keys) -> str:
    lines = []
    for row in found:
        refund = row["kind"] == "refund"
        back = _yuan(row["amount"]) if refund else "0.00"
        lines.append(
            [
                _china(row["at"]), row["app_id"], keys.mchid, "0", "", row["external_id"], row["out_no"], row["payer"],
                "NATIVE", "REFUND" if refund else row["state"], "OTHERS", row["currency"],
                "0.00" if refund else _yuan(row["amount"]), "0.00", row["external_refund_id"] or "0",
                row["refund_no"] or "0", back, "0.00", "ORIGINAL" if refund else "", row["state"] if refund else "",
                row["description"], "", f"{_yuan(row['fee'])}000", "0.60%", "0.00" if refund else _yuan(row["paid"]),
                back, "",
            ]
        )  # fmt: skip
    sums = [
        len(found),
        *(_yuan(sum(row["amount"] for row in found if row["kind"] == kind)) for kind in ("payment", "refund")),
    ]
    return _backticked(TRADE_NAMES, lines, TRADE_SUMS, [*sums, "0.00", "0.00", "0.00", "0.00"])


def wechat_flows(found: list[Doc], _keys: Keys) -> str:
    lines, balance, incoming = [], 1_000_000, 0
    for number, row in enumerate(found, 1):
        comes = row["kind"] == "payment"
        incoming += comes
        balance += row["amount"] if comes else -row["amount"]
        proof = row["refund_no"] or row["out_no"]
        lines.append(
            [
                _china(row["at"]), row["external_refund_id"] or row["external_id"], f"{int(row['at'])}{number:06d}",
                "交易" if comes else "退款", "交易" if comes else "退款", "收入" if comes else "支出",
                _yuan(row["amount"]), _yuan(balance), "system", "", proof,
            ]
        )  # fmt: skip
    sums = [len(found), incoming, "0.00", len(found) - incoming, "0.00"]
    return _backticked(FLOW_NAMES, lines, FLOW_SUMS, sums)


def alipay(found: list[Doc]) -> bytes:
    """A zip of two CSV files in GBK: the trades, and a summary."""
    out = io.StringIO()
    out.write("#支付宝业务明细查询\n#账号：[20880000000000000156]\n#-----业务明细列表----\n")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(ALIPAY_NAMES.split(","))
    for row in found:
        sign = -1 if row["kind"] == "refund" else 1
        kind = "退款" if row["kind"] == "refund" else "交易"
        writer.writerow(
            [
                f"{row['external_id']}\t", f"{row['out_no']}\t", kind, row["description"], _china(row["at"]),
                _china(row["at"]), "", "", "", "", "*小明(138****0000)", _yuan(sign * row["amount"]),
                _yuan(sign * row["amount"]), *["0.00"] * 5, "", "0.00", "0.00", row["refund_no"], _yuan(-row["fee"]),
                "0.00", "",
            ]
        )  # fmt: skip
    out.write("#-----业务明细列表结束----\n")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("2088_20300101_业务明细.csv", out.getvalue().encode("gbk"))
        file.writestr("2088_20300101_业务明细(汇总).csv", "#汇总\n门店编号,门店名称\n,\n".encode("gbk"))
    return packed.getvalue()


def packed(plain: bytes, *, gzipped: bool) -> tuple[bytes, str]:
    """(the file, the hash that is announced: of the text before it was packed)."""
    digest = hashlib.sha1(plain, usedforsecurity=False).hexdigest()
    return (gzip.compress(plain, mtime=0) if gzipped else plain), digest


def _backticked(names: str, lines: list[list[Any]], sum_names: str, sums: list[Any]) -> str:
    text = [names, *(",".join(f"`{value}" for value in line) for line in lines)]
    return "\ufeff" + "\r\n".join([*text, sum_names, ",".join(f"`{value}" for value in sums)]) + "\r\n"


def _yuan(minor: int) -> str:
    return f"{'-' if minor < 0 else ''}{abs(minor) // 100}.{abs(minor) % 100:02d}"


def _china(at: float) -> str:
    return datetime.fromtimestamp(int(at), UTC).astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")
