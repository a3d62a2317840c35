"""The API does what its own description says, whatever is sent to it.

schemathesis makes requests from the OpenAPI document, well-formed and ill-formed ones; where a path names a thing, a
real thing of the scene stands there half of the time, so that more than the look-up is tried. No answer may be an
accident, have a status or a kind of content that is not declared, or another shape than the declared one.
"""

from collections import Counter
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.access.scene import Scene
from tests.access.table import rows
from tests.support.people import Person

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = {GenerationMode.POSITIVE: 5, GenerationMode.NEGATIVE: 3}
ROWS = rows()
PLACES = {name: row.places for name, row in ROWS.items()}
THROUGH = {name: row.through for name, row in ROWS.items()}
ACTORS = {"guest": "anonymous", "li": "guardian", "zhang": "treating", "admin": "admin"}
ENDS_THE_SESSION = {"DELETE /api/v1/sessions/{id}", "DELETE /api/v1/sessions"}


@pytest.fixture
def scene(people, ids, clock, settle) -> Scene:
    return Scene(people, ids, clock).build(settle)


@pytest.fixture
def operations(client) -> list[Any]:
    document = client.get("/api/openapi.json").json()
    found = [result.ok() for result in schemathesis.openapi.from_dict(document).get_all_operations()]
    assert len(found) > 100
    return found


@pytest.mark.slow
@pytest.mark.parametrize("login", ACTORS)
def test_the_api_answers_as_described(login, scene, operations, house):
    """The guest tries every operation, others those that let them in: the rest is the access table's."""
    explorer = Explorer(scene, scene.people[login], house)
    for operation in operations:
        if login == "guest" or ACTORS[login] in THROUGH[explorer.name_of(operation)]:
            explorer.explore(operation)
    assert not explorer.wrong, "\n".join(explorer.wrong)
    assert explorer.count[2] > 20, f"hardly anything was accepted: {explorer.count}"


class Explorer:
    def __init__(self, scene: Scene, person: Person, house: Any) -> None:
        self.scene, self.person, self.house = scene, person, house
        self.wrong: list[str] = []
        self.count: Counter[int] = Counter()

    @staticmethod
    def name_of(operation: Any) -> str:
        return f"{operation.method.upper()} {operation.path}"

    def explore(self, operation: Any) -> None:
        for mode, examples in EXAMPLES.items():
            self.wrong += sorted(self._examples(operation, mode, examples))[:3]

    def _examples(self, operation: Any, mode: GenerationMode, examples: int) -> set[str]:
        found: set[str] = set()

        @seed(1)
        @settings(
            max_examples=examples, database=None, deadline=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy(generation_mode=mode), real=st.booleans())
        def try_one(case: Any, real: bool) -> None:
            found.update(self._try(operation, case, real))

        try:
            try_one()
        except Exception as error:  # nothing can be generated: a GET without arguments has no ill-formed request
            if type(error).__name__ not in ("Unsatisfiable", "SkipTest", "Skipped"):
                raise
        return found

    def _try(self, operation: Any, case: Any, real: bool) -> set[str]:
        name = self.name_of(operation)
        if real or name in ENDS_THE_SESSION:
            things = self.scene.sides["mother"]
            real_ones = {place: getattr(things, thing) for place, thing in PLACES[name].items()}
            case.path_parameters = {**(case.path_parameters or {}), **real_ones}
        try:
            sent = case.as_transport_kwargs(base_url="http://testserver.local")
        except Exception as error:  # schemathesis cannot write it as HTTP itself
            if "serial" in type(error).__name__.lower():
                return set()
            raise
        self.house.limiter = type(self.house.limiter)()
        headers = {key: value for key, value in dict(sent.pop("headers")).items() if key.lower() != "authorization"}
        answer = self.person(sent.pop("method"), sent.pop("url"), headers=headers, **self._arguments(sent))
        self.count[answer.status_code // 100] += 1
        if name in ENDS_THE_SESSION or answer.status_code == 401:
            self.person._signed_in = None
        try:
            case.validate_response(answer, checks=CHECKS)
        except FailureGroup as group:
            return {self._told(name, case, answer, one) for one in group.exceptions}
        except Failure as failure:
            return {self._told(name, case, answer, failure)}
        return set()

    @staticmethod
    def _arguments(sent: dict[str, Any]) -> dict[str, Any]:
        found = {key: value for key, value in sent.items() if key in ("params", "json", "data") and value is not None}
        return {"content" if key == "data" and isinstance(value, bytes) else key: value for key, value in found.items()}

    @staticmethod
    def _told(name: str, case: Any, answer: Any, failure: Any) -> str:
        words = " ".join(str(failure).split())[:260]
        return f"{name} {answer.status_code}: {words} | {case.query} {str(case.body)[:200]} -> {answer.text[:200]}"
