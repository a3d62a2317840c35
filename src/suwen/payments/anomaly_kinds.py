"""What each kind of anomaly means, and what a person does about it, in plain words."""

from dataclasses import dataclass

from suwen.core.i18n import N_


@dataclass(frozen=True)
class Meaning:
    title: str
    what: str
    todo: str


STRANGE = Meaning(
    N_("Something that did not fit"),
    N_("What the gateway said does not fit what we know. Nothing was changed by it."),
    N_("Compare the facts below with the gateway's console, and write down what you found."),
)
SIGNED_WRONG = N_("A message claims to be the gateway's and is not signed with its key. It was refused.")
MEANINGS = {
    "forged": Meaning(
        N_("A forged report"), SIGNED_WRONG,
        N_("One alone is noise of the internet. If all reports are refused since you changed a key, the gateway's "
           "public key here is wrong: test the connection."),
    ),
    "probe": Meaning(
        N_("A probe of the platform"),
        N_("WeChat Pay itself sends messages with a wrong signature to see whether it is looked at. It was refused, as "
           "it should be."),
        N_("Nothing. This is good."),
    ),
    "stale": Meaning(
        N_("A report of another time"),
        N_("The report is signed, but not of the last five minutes. It may have been recorded and sent again."),
        N_("If there are many, look at this server's clock: it must be set by the network. The payment itself is asked "
           "about anyway."),
    ),
    "unreadable": Meaning(
        N_("A report that is none"),
        N_("Something arrived at the gateway's address here that has not the shape of a report."),
        N_("Nothing, unless the gateway's console says that its reports fail."),
    ),
    "nonce_reused": Meaning(
        N_("The same nonce with another content"),
        N_("Two different reports came with one and the same number that must be used once. The second was refused."),
        N_("Ask the gateway's support: this does not happen by chance."),
    ),
    "foreign": Meaning(
        N_("A report about another merchant or app"),
        N_("The signature is right, but the report names a merchant, seller, app or mode that is not ours."),
        N_("Compare the numbers on the gateway's page here with its console. Are test and real account mixed up?"),
    ),
    "mismatch": Meaning(
        N_("Another amount, currency or number"),
        N_("A payment was reported or found that does not agree with the order it claims to pay. The order was not "
           "changed."),
        N_("Compare both amounts in the gateway's console. If the money is really there, pay it back there, or book "
           "it by hand and tell the payer."),
    ),
    "unknown_payment": Meaning(
        N_("A payment nobody here has begun"),
        N_("The gateway reports money for a number that is not one of ours."),
        N_("Does another system use the same merchant account? If not, pay it back in the gateway's console."),
    ),
    "number_used": Meaning(
        N_("One number of the gateway, twice"),
        N_("The gateway's own number of this payment belongs to another payment here already."),
        N_("Compare both orders with the gateway's console before you hand anything out."),
    ),
    "other_number": Meaning(
        N_("Paid under another number"),
        N_("This attempt was paid already, and now the gateway names another number for it."),
        N_("Look in the gateway's console how often the payer was charged. Pay back what is too much."),
    ),
    "paid_twice": Meaning(
        N_("Paid twice"),
        N_("The order had been paid when a second payment for it came. It was booked, and is paid back by itself."),
        N_("See that the refund arrives. Tell the payer, if they ask."),
    ),
    "late": Meaning(
        N_("Paid when it was too late"),
        N_("The money came after the order had expired or was cancelled. The booking is confirmed again if the time is "
           "still free; otherwise the money goes back by itself."),
        N_("See in the order which of the two happened."),
    ),
    "refunded_elsewhere": Meaning(
        N_("Paid back, but not by us"),
        N_("The gateway says that money went back which nobody asked for here: in its console, or by a complaint."),
        N_("Find out who paid it back. The order here still counts as paid: refund it in cash, or write down why not."),
    ),
    "closed_after_paid": Meaning(
        N_("Closed after it was paid"),
        N_("The gateway calls a payment closed that it had called paid."),
        N_("Ask the gateway's support before you do anything for the payer."),
    ),
    "refund_abnormal": Meaning(
        N_("A refund that the bank sent back"),
        N_("The gateway could not bring the money to the payer: the account or card is closed or blocked."),
        N_("Pay it out in another way: from the gateway's console to another account, or in cash, and note it at the "
           "refund."),
    ),
    "refund_closed": Meaning(
        N_("A refund that the gateway gave up"),
        N_("The gateway closed the refund, and the money stayed with us."),
        N_("Ask for the refund again, or pay it out in cash."),
    ),
    "refund_differs": Meaning(
        N_("A refund of another amount"),
        N_("What went back is not what was asked for."),
        N_("Compare the refund here with the gateway's console and correct the difference."),
    ),
    "refund_unknown": Meaning(
        N_("A refund nobody here has asked for"),
        N_("The gateway reports a refund with a number that is not one of ours."),
        N_("Find out in the gateway's console who paid it back."),
    ),
    "refund_not_enough": Meaning(
        N_("Our account is too empty for a refund"),
        N_("The gateway pays refunds from what it holds for us, and that is not enough at the moment."),
        N_("Fill the account in the gateway's console. The refund is asked for again by itself."),
    ),
    "refund_refused": Meaning(
        N_("A refund that the gateway refused"),
        N_("The gateway said no to a refund that was approved here. Its own word is in the facts."),
        N_("Look up its word in the gateway's console, put right what it names, and try again at the refund; otherwise "
           "pay it out by hand and note it there."),
    ),
    "refund_unanswered": Meaning(
        N_("A refund of which nothing is heard"),
        N_("The gateway has been asked for hours and does not say what became of a refund."),
        N_("Look for its number in the gateway's console. It is asked about further, and never under a second number."),
    ),
    "refund_slow": Meaning(
        N_("A refund that does not arrive"),
        N_("The gateway took the refund more than a week ago and still calls it on its way."),
        N_("Ask the gateway's support with its number. Do not pay it out by hand: it may still arrive, and it is asked "
           "about further."),
    ),
    "refund_too_many": Meaning(
        N_("Paid back twice"),
        N_("The gateway has paid a refund that was paid out by hand, or given up, here before."),
        N_("The payer has the money twice, or the order is wrong about it. Ask the payer, and correct the books."),
    ),
    "refund_undone": Meaning(
        N_("A refund that came back"),
        N_("The gateway had called a refund done, and now says that it failed: the bank has sent the money back. The "
           "order here still counts it as paid back."),
        N_("Look in the gateway's console where the money is. If it is with us again, the payer is owed it: pay it out "
           "another way and write down how."),
    ),
}  # fmt: skip
RESOLUTIONS = (
    ("nothing_to_do", N_("There was nothing to do")),
    ("refunded", N_("The money went back to the payer")),
    ("booked_by_hand", N_("Booked by hand")),
    ("setting_corrected", N_("A setting was corrected")),
    ("gateway_asked", N_("Cleared up with the gateway")),
    ("attack", N_("It was an attack; nothing was lost")),
    ("other", N_("Something else (see the note)")),
)


def meaning(kind: str) -> Meaning:
    return MEANINGS.get(kind, STRANGE)
