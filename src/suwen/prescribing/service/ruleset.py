"""By which rules an evaluation was made: the reference data with the laws, and the engine itself, in one short name."""

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
    """Of the engine's source: eight letters of a hash."""
    rules, digest = files("suwen.prescribing").joinpath("rules"), sha256()
    for one in sorted((one for one in rules.iterdir() if one.name.endswith(".py")), key=lambda one: one.name):
        digest.update(one.name.encode() + b"\0" + one.read_bytes() + b"\0")
    return digest.hexdigest()[:8]
