"""Pure parts of the portal: the API document as rows to read, and the words of the audit trail."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from suwen.core.i18n import N_

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Operation:
    """One row of the reference. `body` and `answer` are names of structs, or what they are made of."""

    method: str
    path: str
    summary: str
    who: tuple[str, ...]
    parameters: tuple[tuple[str, str, bool, str], ...]  # name, where, required, kind
    body: str
    answer: str
    anchor: str
    sent: str  # examples, as JSON
    got: str

    def contains(self, folded: str) -> bool:
        return folded in f"{self.method} {self.path} {self.summary}".casefold()


Groups = list[tuple[str, list[Operation]]]


def operations(document: Mapping[str, Any], who: Mapping[tuple[str, str], Any]) -> Groups:
    """Operations by the noun of their path, in order."""
    groups: dict[str, list[Operation]] = {}
    for path, item in sorted(document.get("paths", {}).items()):
        for method in METHODS:
            if method in item:
                groups.setdefault(_noun(path), []).append(_operation(path, method, item[method], who))
    return sorted(groups.items())


def containing(groups: Groups, wanted: str) -> Groups:
    """Only the operations that contain `wanted`, as they are shown."""
    found = [(noun, [one for one in of if one.contains(wanted.casefold())]) for noun, of in groups]
    return [(noun, of) for noun, of in found if of]


Structs = list[tuple[str, list[tuple[str, str, bool]]]]


def structs(document: Mapping[str, Any]) -> Structs:
    """Every struct with its fields: name, kind, required."""
    found = document.get("components", {}).get("schemas", {})
    return [
        (name, [(field, kind(of), field in shape.get("required", ())) for field, of in shape["properties"].items()])
        for name, shape in sorted(found.items())
        if "properties" in shape
    ]


def kind(schema: Mapping[str, Any] | None) -> str:
    """'string', 'AppointmentView', '[SlotView]', 'integer or null'."""
    if not schema:
        return ""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "oneOf" in schema or "anyOf" in schema:
        return " or ".join(dict.fromkeys(kind(part) for part in schema.get("oneOf") or schema["anyOf"]))
    if schema.get("type") == "array":
        return f"[{kind(schema.get('items'))}]"
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    named = schema.get("type", "any")
    return " or ".join(named) if isinstance(named, list) else str(schema.get("format") or named)


def _operation(path: str, method: str, of: Mapping[str, Any], who: Mapping[tuple[str, str], Any]) -> Operation:
    good: Mapping[str, Any] = next(
        (answer for code, answer in sorted(of.get("responses", {}).items()) if code.startswith("2")), {}
    )
    parameters = tuple(
        (one["name"], one["in"], bool(one.get("required")), kind(one.get("schema"))) for one in of.get("parameters", ())
    )
    allowed = tuple(sorted(who.get((path, method), ())))
    anchor = f"{method}-{path.strip('/').replace('/', '-').replace('{', '').replace('}', '')}"
    summary = of.get("description") or of.get("summary") or ""
    return Operation(
        method.upper(), path, summary, allowed, parameters, _content(of.get("requestBody")), _content(good), anchor,
        _example(of.get("requestBody")), _example(good),
    )  # fmt: skip


def _content(part: Mapping[str, Any] | None) -> str:
    content = (part or {}).get("content", {})
    return next((kind(one.get("schema")) for one in content.values()), "")


def _example(part: Mapping[str, Any] | None) -> str:
    content = (part or {}).get("content", {})
    return next(
        (json.dumps(one["example"], ensure_ascii=False, indent=1) for one in content.values() if "example" in one), ""
    )


def _noun(path: str) -> str:
    parts = [part for part in path.split("/") if part and not part.startswith("{")]
    return parts[2] if len(parts) > 2 else parts[-1]


# What rows of the audit trail were noted for. Who notes a new purpose finds a test that asks for its words.
PURPOSES = {
    # a visit
    "held": N_("a time held"),
    "details": N_("what the visit is for"),
    "paid": N_("paid, and certain"),
    "promised": N_("to be paid at the clinic"),
    "let go": N_("given back unpaid"),
    "walk-in": N_("booked at the desk"),
    "moved": N_("moved to another time"),
    "late": N_("said to be late"),
    "arrived": N_("arrived"),
    "called in": N_("called in"),
    "missed": N_("did not come"),
    "cancelled": N_("cancelled"),
    "completed": N_("completed"),
    # what is read and written during and after it
    "visit": N_("during the visit"),
    "visit ended": N_("the visit ended"),
    "notes": N_("notes"),
    "rating": N_("rating of the call"),
    "record": N_("the whole record"),
    "list": N_("in a list"),
    "prescribing": N_("to prescribe"),
    "prescription review": N_("to review a prescription"),
    # prescriptions
    "checked": N_("checked while it was written"),
    "checked what was dispensed": N_("checked what was dispensed"),
    "review": N_("waiting for review"),
    "dispense": N_("waiting to be dispensed"),
    "waiting times": N_("how long they wait"),
    "taken up": N_("taken up"),
    "accepted": N_("accepted"),
    "returned": N_("returned"),
    "dispensed": N_("dispensed"),
    "extended by": N_("made to last longer"),
    "expired": N_("out of date"),
    "verified": N_("proved genuine"),
    "history": N_("its history"),
    "replay": N_("checked anew"),
    # people, doctors, reviews
    "added": N_("added"),
    "made": N_("made"),
    "changed": N_("changed"),
    "edited": N_("changed"),
    "removed": N_("removed"),
    "deleted": N_("deleted"),
    "restored": N_("brought back"),
    "status active": N_("made active"),
    "status inactive": N_("made inactive"),
    "status suspended": N_("account suspended"),
    "desk code": N_("code for a new password"),
    "invitation code": N_("code of an invitation"),
    "second step removed": N_("second sign-in step removed"),
    "entrusted": N_("opened to somebody"),
    "ended": N_("ended"),
    "approved": N_("approved"),
    "rejected": N_("rejected"),
    "hidden": N_("hidden"),
    "shown again": N_("shown again"),
    # money
    "submitted": N_("submitted"),
    "withdrawn": N_("withdrawn"),
    "settled": N_("settled"),
    "policy number": N_("number of the policy"),
    "paid by hand": N_("paid by hand"),
    "confirmed": N_("confirmed as the second person"),
    "offered": N_("offered"),
    "not offered": N_("not offered"),
    "nothing_to_do": N_("nothing to do"),
    "refunded": N_("paid back"),
    "booked_by_hand": N_("booked by hand"),
    "setting_corrected": N_("setting corrected"),
    "gateway_asked": N_("the gateway was asked"),
    "attack": N_("an attack"),
    "other": N_("something else"),
    "ask_gateway": N_("to ask the gateway"),
    "suspense": N_("put aside"),
    "write_off": N_("written off"),
    "refund": N_("paid back at the gateway"),
    # the house
    "retired": N_("retired"),
    "people list": N_("list of people"),
    "CSV": N_("as a file"),
    "refused": N_("refused"),
}
OWN_REASON = N_("for a reason of their own")
_MORE = (" (", ": ", "extended by ")  # behind these stands with what, how, or by how much


def purpose(kind: str, noted: str) -> str:
    """The English words for what a row of the trail was noted for; "" where nothing was.

    Older rows about who treats whom hold the reason that was typed. That may be clinical, so of what is not known here
    only this much is said.
    """
    known = noted
    for mark in _MORE:
        head, found, _ = known.partition(mark)
        known = (head or mark).strip() if found else known
    if kind == "payment_config" and known not in PURPOSES:
        return PURPOSES["changed"]  # the names of the settings, which are no words
    return PURPOSES.get(known, OWN_REASON) if noted else ""
