"""What may go wrong with money, before any of it has moved."""

from suwen.core.errors import Conflict, Forbidden, Invalid, NotFound


class NoPrice(Conflict):
    code, title = "no_price", "There is no price for this yet. Please ask the clinic."


class PriceOverlaps(Conflict):
    code = "price_overlaps"
    title = "Another price of this service is valid in the same days. End that one first."


class BadPrice(Invalid):
    code, title = "bad_price", "This price cannot be used."


class NoSuchOrder(NotFound):
    code, title = "no_such_order", "This order is not there."


class CancelledElsewhere(Conflict):
    code, title = "cancelled_elsewhere", "This order is cancelled together with what was booked."


class NothingToScan(Conflict):
    code, title = "nothing_to_scan", "There is nothing to scan for this order at the moment."


class NoReceipt(Conflict):
    code, title = "no_receipt", "This order has not been paid, so there is no receipt."


class LongStatement(Invalid):
    code, title = "long_statement", "A statement is of a year at most. Choose days that are nearer to each other."


class NoSuchPerson(NotFound):
    code, title = "no_such_person", "There is no account of this person."


class NoSuchRefund(NotFound):
    code, title = "no_such_refund", "This refund is not there."


class SubjectHasOrder(Conflict):
    code, title = "subject_has_order", "There is an open order for this already."


class OrderPaid(Conflict):
    code, title = "order_paid", "This order has been paid already."


class OrderClosed(Conflict):
    code, title = "order_closed", "This order was cancelled. Nothing can be paid on it any more."


class OrderExpired(Conflict):
    code, title = "order_expired", "The time to pay this order is over. Nothing was taken."


class OrderNotPaid(Conflict):
    code, title = "order_not_paid", "This order has not been paid, so nothing can be paid back."


class BalanceTooLow(Conflict):
    code = "balance_too_low"
    title = "Your balance is not enough for this. You can top it up at the desk, or pay there."


class FrozenTooLow(Conflict):
    code, title = "frozen_too_low", "So much has not been set aside."


class OtherCurrency(Conflict):
    code, title = "other_currency", "The balance is kept in another currency than this order."


class RefundTooLarge(Conflict):
    code, title = "refund_too_large", "More than was paid cannot be paid back."


class RefundDecided(Conflict):
    """`state` is the refund's status now."""

    code, title = "refund_decided", "This refund has been dealt with already, or is not that far yet."


class RefundElsewhere(Conflict):
    code, title = "refund_elsewhere", "This refund goes back another way."


class SecondPersonNeeded(Forbidden):
    code, title = "second_person_needed", "A refund of this size is approved by somebody else than who asked for it."


class SecondAdminNeeded(Invalid):
    code = "second_admin_needed"
    title = "A sum of this size needs another administrator, who confirms it with a password or code of their own."


class NoSuchClaim(NotFound):
    code, title = "no_such_claim", "This claim is not there."


class ClaimOpen(Conflict):
    code, title = "claim_open", "An insurer is being asked for this order already."


class ClaimDecided(Conflict):
    """`state` is the claim's status now."""

    code, title = "claim_decided", "This claim has been dealt with already, or is not that far yet."


class BadSum(Invalid):
    code, title = "bad_sum", "The amount must be more than nothing and not beyond the limit."


class MethodNotOffered(Invalid):
    code = "method_not_offered"
    title = "This way of paying is not offered here. Choose the balance, or pay at the desk."


class JournalDiffers(Conflict):
    code, title = "journal_differs", "This movement of money was booked before with other amounts."


class NoSuchJournal(NotFound):
    code, title = "no_such_journal", "This movement of money is not there."


class ReversedAlready(Conflict):
    code, title = "reversed_already", "This movement of money has been taken back already."


class GatewayNotOffered(Invalid):
    code, title = "gateway_not_offered", "This way of paying is not offered here. Choose another one."


class NothingToPay(Conflict):
    code, title = "nothing_to_pay", "There is nothing to pay on this order."


class NoSuchReconciliation(NotFound):
    code, title = "no_such_reconciliation", "This day was not reconciled."


class NoSuchLine(NotFound):
    code, title = "no_such_line", "This line is not there any more: the bill was compared anew."


class DayNotOver(Conflict):
    code, title = "day_not_over", "This day is not over in China yet. Its bill comes the morning after."


class BillUnusable(Conflict):
    code, title = "bill_unusable", "The bill holds sums that no order can have. Nothing was compared."


class StillComparing(Conflict):
    code, title = "still_comparing", "The bill of this day is being compared. Try again when that is done."


class DifferencesOpen(Conflict):
    code, title = "differences_open", "There are differences that nobody has resolved yet."


class DaySettled(Conflict):
    code, title = "day_settled", "This day is settled. Nothing of it changes any more."


class LineResolved(Conflict):
    code, title = "line_resolved", "This difference was resolved already."


class WrongWay(Invalid):
    code, title = "wrong_way", "A difference of this kind cannot be resolved like that."


class BadSettings(Invalid):
    code, title = "bad_settings", "These settings of the gateway cannot be used."


class ConfigChanged(Conflict):
    code = "config_changed"
    title = "Somebody else changed the settings of this gateway meanwhile. Look again before you save."


class NotSetUp(Conflict):
    code, title = "not_set_up", "This gateway is not set up, so there is nothing to test."


class AlreadyResolved(Conflict):
    code, title = "already_resolved", "Somebody has resolved this already."


class NoSuchHold(NotFound):
    code, title = "no_such_hold", "This deposit is not there."


class HoldEnded(Conflict):
    code, title = "hold_ended", "This deposit was given back or used already."
