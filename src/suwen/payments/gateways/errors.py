"""How a conversation with a gateway may end badly. Nothing here is a word to a patient: the order code decides that.

* GatewayError
  x Refused(code)     it said no; nothing was changed there
  x Busy              it did not take the request; nothing was changed there, try again later
  x Unknown           it may or may not have been done: keep the number, ask again, never guess
    x Unauthentic     an answer came that is not provably the gateway's
  x BadMessage        of a report that came to us
    x Forged          not signed by the gateway; answer failure
      x Probe         the gateway itself looks whether we look; answer failure
    x Stale           signed, but not of now; answer failure
    x Unreadable      no report at all: sizes, headers, encodings, shapes; answer failure
"""


class GatewayError(Exception):
    pass


class Refused(GatewayError):
    """`code` is the gateway's own word (ORDERPAID, ACQ.TRADE_NOT_EXIST, resource_missing ...)."""

    def __init__(self, code: str, message: str = "", status: int = 0) -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code, self.message, self.status = code, message, status


class NotReady(Refused):
    """The bill of that day is still being made."""


class NoBill(NotReady):
    """There is no bill of that day: nothing happened, or it is late. Gateways say the same of both."""


class Busy(GatewayError):
    pass


class Unknown(GatewayError):
    pass


class Unauthentic(Unknown):
    pass


class BadMessage(GatewayError):
    pass


class Forged(BadMessage):
    pass


class Probe(Forged):
    pass


class Stale(BadMessage):
    pass


class Unreadable(BadMessage):
    pass


class BadKey(ValueError):
    """A key that cannot be used; the words say why and never what is in it."""
