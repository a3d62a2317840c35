"""What a process does that is killed in the middle of it. See tests/support/mortal.py."""

from base64 import b64decode

from suwen.core.actor import Actor
from suwen.core.outbox import deliver_one
from suwen.payments import service
from suwen.payments.service import attempts, refunds


def _deliver(db, now):
    while deliver_one(db, now):
        pass


def offer(db, now, order_id, payer, gateway, scene):
    """A way is chosen, and the gateway asked for it."""
    db.write(lambda tx: attempts.begin(tx, Actor(payer, "patient"), order_id, gateway, scene, now, return_url=BACK))
    _deliver(db, now)


def pay_from_balance(db, now, order_id, payer):
    db.write(lambda tx: service.pay_from_balance(tx, Actor(payer, "patient"), order_id, now))
    _deliver(db, now)


def report(db, now, gateway, headers, body):
    """A report comes in, and is applied. The answer is what its gateway hears, if anything."""
    service.receive_report(db, gateway, [(name, value) for name, value in headers], b64decode(body), now)
    _deliver(db, now)


def approve(db, now, refund_id, admin):
    """A refund is approved, and its gateway asked for it."""
    db.write(lambda tx: refunds.approve(tx, Actor(admin, "admin", strong=True), refund_id, now))
    _deliver(db, now)


BACK = "http://127.0.0.1/back"
