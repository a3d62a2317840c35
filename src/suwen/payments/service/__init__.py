"""What may be done with money. Others call these names; the modules beside this file say how."""

from suwen.payments.service.attempts import ask_now, attempt, attempts_of, offered, return_url, ways, ways_of
from suwen.payments.service.attempts import begin as begin_attempt
from suwen.payments.service.checking import INVARIANTS, Fault, check_ledger
from suwen.payments.service.desk import ask_back, pay, refund_at_desk
from suwen.payments.service.holds import capture, hold, release
from suwen.payments.service.inbox import receive as receive_report
from suwen.payments.service.lists import (
    entries,
    entries_csv,
    order,
    orders,
    orders_csv,
    payer,
    payers,
    receipt,
    waiting_refunds,
    wallet_view,
)
from suwen.payments.service.looking import Examined, examine, keep_nightly, run_check
from suwen.payments.service.looking import nightly_due as nightly_check_due
from suwen.payments.service.orders import (
    Opened,
    cancel,
    close_elsewhere,
    concern,
    defer,
    expire_due,
    is_paid,
    open_order,
    open_top_up,
    order_of,
    orders_of,
    payable_elsewhere,
    void,
)
from suwen.payments.service.paying import pay_from_balance, settle_cash
from suwen.payments.service.prices import (
    PriceList,
    add_price,
    change_price,
    price,
    price_for,
    price_list,
    price_view,
    price_views,
    prices,
)
from suwen.payments.service.refund_answers import refund_reported
from suwen.payments.service.refund_lists import leaving
from suwen.payments.service.refunds import hand_out, refund
from suwen.payments.service.sealing import broken as broken_seals
from suwen.payments.service.sealing import due as days_to_seal
from suwen.payments.service.sealing import seal_day, seal_days
from suwen.payments.service.wallets import TopUp, Wallet, credit_top_up, top_up, wallet, wallet_of

__all__ = [
    "INVARIANTS",
    "Examined",
    "Fault",
    "Opened",
    "PriceList",
    "TopUp",
    "Wallet",
    "add_price",
    "ask_back",
    "ask_now",
    "attempt",
    "attempts_of",
    "begin_attempt",
    "broken_seals",
    "cancel",
    "capture",
    "change_price",
    "check_ledger",
    "close_elsewhere",
    "concern",
    "credit_top_up",
    "days_to_seal",
    "defer",
    "entries",
    "entries_csv",
    "examine",
    "expire_due",
    "hand_out",
    "hold",
    "is_paid",
    "keep_nightly",
    "leaving",
    "nightly_check_due",
    "offered",
    "open_order",
    "open_top_up",
    "order",
    "order_of",
    "orders",
    "orders_csv",
    "orders_of",
    "pay",
    "pay_from_balance",
    "payable_elsewhere",
    "payer",
    "payers",
    "price",
    "price_for",
    "price_list",
    "price_view",
    "price_views",
    "prices",
    "receipt",
    "receive_report",
    "refund",
    "refund_at_desk",
    "refund_reported",
    "release",
    "return_url",
    "run_check",
    "seal_day",
    "seal_days",
    "settle_cash",
    "top_up",
    "void",
    "waiting_refunds",
    "wallet",
    "wallet_of",
    "wallet_view",
    "ways",
    "ways_of",
]  # fmt: skip
