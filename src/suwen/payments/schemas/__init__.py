"""What comes in about money and what goes out. Amounts are minor units (5000 is 50.00); forms write "50.00"."""

from suwen.payments.schemas.attempts import Asked, AttemptView, Choice, GatewayName, Way
from suwen.payments.schemas.orders import Method, OrderDetail, OrderFilters, OrderView, Payment, Status, TransactionView
from suwen.payments.schemas.prices import PriceForm, PriceInput, PriceRest, PriceView
from suwen.payments.schemas.refunds import (
    Approval,
    ByHand,
    Place,
    RefundFilters,
    RefundForm,
    RefundInput,
    RefundLine,
    RefundView,
    Rejection,
    Words,
)
from suwen.payments.schemas.seconded import Seconded
from suwen.payments.schemas.wallets import (
    EntryFilters,
    EntryView,
    OnlineTopUp,
    OnlineTopUpForm,
    Receipt,
    TopUpForm,
    TopUpInput,
    WalletView,
)

__all__ = [
    "Approval",
    "Asked",
    "AttemptView",
    "ByHand",
    "Choice",
    "EntryFilters",
    "EntryView",
    "GatewayName",
    "Method",
    "OnlineTopUp",
    "OnlineTopUpForm",
    "OrderDetail",
    "OrderFilters",
    "OrderView",
    "Payment",
    "Place",
    "PriceForm",
    "PriceInput",
    "PriceRest",
    "PriceView",
    "Receipt",
    "RefundFilters",
    "RefundForm",
    "RefundInput",
    "RefundLine",
    "RefundView",
    "Rejection",
    "Seconded",
    "Status",
    "TopUpForm",
    "TopUpInput",
    "TransactionView",
    "WalletView",
    "Way",
    "Words",
]
