"""What may be done with money. Others call these names; the modules beside this file say how."""

from suwen.payments.service.orders import (
    Opened,
    defer,
    expire_due,
    open_order,
    order_of,
    orders_of,
    void,
)
from suwen.payments.service.paying import hand_out, pay, pay_from_balance, refund, settle_cash
from suwen.payments.service.prices import PriceList, price_for, price_list
from suwen.payments.service.wallets import TopUp, Wallet, top_up, wallet, wallet_of

__all__ = ["Opened", "PriceList", "TopUp", "Wallet", "defer", "expire_due", "hand_out", "open_order", "order_of",
           "orders_of", "pay", "pay_from_balance", "price_for", "price_list", "refund", "settle_cash", "top_up", "void",
           "wallet", "wallet_of"]  # fmt: skip
