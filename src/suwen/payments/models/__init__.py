"""Tables of payments: orders and what was paid (`orders`), the ledger and wallets (`ledger`), gateways (`channels`)."""

from suwen.payments.models.channels import (
    GATEWAY_OF,
    GATEWAYS,
    METHOD_OF,
    Anomaly,
    GatewayExchange,
    GatewayReport,
    PaymentConfig,
    Reconciliation,
    ReconciliationLine,
)
from suwen.payments.models.ledger import (
    Balance,
    BalanceEntry,
    Hold,
    Journal,
    JournalSeal,
    LedgerAccount,
    LedgerCheck,
    Posting,
)
from suwen.payments.models.orders import METHODS, Claim, Order, Price, Refund, Transaction

__all__ = [
    "GATEWAYS",
    "GATEWAY_OF",
    "METHODS",
    "METHOD_OF",
    "Anomaly",
    "Balance",
    "BalanceEntry",
    "Claim",
    "GatewayExchange",
    "GatewayReport",
    "Hold",
    "Journal",
    "JournalSeal",
    "LedgerAccount",
    "LedgerCheck",
    "Order",
    "PaymentConfig",
    "Posting",
    "Price",
    "Reconciliation",
    "ReconciliationLine",
    "Refund",
    "Transaction",
]
