"""What may be done with money. Others call these names; the modules beside this file say how."""

from suwen.payments.service.checking import check_ledger
from suwen.payments.service.desk import hand_out, pay, refund_at_desk
from suwen.payments.service.lists import (
    Figures,
    entries,
    figures,
    order,
    orders,
    orders_csv,
    payer,
    payers,
    receipt,
    waiting_refunds,
    wallet_view,
)
from suwen.payments.service.orders import Opened, defer, expire_due, open_order, order_of, orders_of, void
from suwen.payments.service.paying import pay_from_balance, refund, settle_cash
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
from suwen.payments.service.wallets import TopUp, Wallet, top_up, wallet, wallet_of

__all__ = [
    "Figures",
    "Opened",
    "PriceList",
    "TopUp",
    "Wallet",
    "add_price",
    "change_price",
    "check_ledger",
    "defer",
    "entries",
    "expire_due",
    "figures",
    "hand_out",
    "open_order",
    "order",
    "order_of",
    "orders",
    "orders_csv",
    "orders_of",
    "pay",
    "pay_from_balance",
    "payer",
    "payers",
    "price",
    "price_for",
    "price_list",
    "price_view",
    "price_views",
    "prices",
    "receipt",
    "refund",
    "refund_at_desk",
    "settle_cash",
    "top_up",
    "void",
    "waiting_refunds",
    "wallet",
    "wallet_of",
    "wallet_view",
]
