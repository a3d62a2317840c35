"""By which rules an evaluation was made: the reference data, the laws, and the engine itself, in one short name."""

from functools import cache
from hashlib import sha256
from importlib.resources import files

from suwen.prescribing.reference import reference


def rule_set() -> str:
    """`suwen-1+<data>.<engine>`: either part changes with what it stands for, and so findings can be told apart that
    changed because of the data, or because of the program."""
    return f"{reference().version}.{engine()}"


@cache
def engine() -> str:
    """Of the engine's source and the laws of `jurisdictions.yaml`: eight letters of a hash."""
    package, digest = files("suwen.prescribing"), sha256()
    rules = [one for one in package.joinpath("rules").iterdir() if one.name.endswith(".py")]
    for one in (*sorted(rules, key=lambda one: one.name), package.joinpath("data/jurisdictions.yaml")):
        digest.update(one.name.encode() + b"\0" + one.read_bytes() + b"\0")
    return digest.hexdigest()[:8]
