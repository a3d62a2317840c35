"""The way of a prescription: which step leads from which state to which.

    draft -> signed -> effective -> partially_dispensed -> dispensed
      ^        |  ^ (a pharmacist accepts; at once where none is asked for)
      |        v
      +---- returned        effective, partially_dispensed -> expired;  all but dispensed and expired -> voided

What was returned may be signed again as it is, with reasons. Changing what waits for the pharmacist, or was returned,
makes it a draft again and its signatures worthless.
"""

STATES = ("draft", "signed", "returned", "effective", "partially_dispensed", "dispensed", "expired", "voided")
FROM: dict[str, tuple[str, ...]] = {
    "change": ("draft", "signed", "returned"),
    "sign": ("draft", "returned"),  # corrected, or signed again
    "accept": ("signed",),
    "return": ("signed",),
    "dispense": ("effective", "partially_dispensed"),
    "extend": ("effective", "partially_dispensed"),
    "expire": ("effective", "partially_dispensed"),
    "void": ("draft", "signed", "returned", "effective", "partially_dispensed"),
}
IN_EFFECT = ("effective", "partially_dispensed", "dispensed", "expired")  # accepted, wherever somebody had to accept
ACTIVE = ("signed", "effective", "partially_dispensed", "dispensed")  # what the person takes, or is about to


def allowed(step: str, status: str) -> bool:
    return status in FROM[step]


def after(step: str, *, reviewed: bool = False, dispensed: int = 0, refills: int = 0) -> str:
    """The state after a step. `reviewed`: a pharmacist has to look; `dispensed`: how often, with this time."""
    if step == "sign":
        return "signed" if reviewed else "effective"
    if step == "dispense":
        return "dispensed" if dispensed > refills else "partially_dispensed"
    return {"change": "draft", "accept": "effective", "return": "returned", "expire": "expired", "void": "voided"}[step]
