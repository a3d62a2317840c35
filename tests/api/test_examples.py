"""Every operation of the API document says by example what is sent and what comes back, and the examples are true."""

from typing import Any

import jsonschema_rs
import pytest

from tests.access.bodies import BODIES

JSON = "application/json"
METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture
def document(client) -> dict[str, Any]:
    return client.get("/api/openapi.json").json()


def operations(document):
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield f"{method.upper()} {path}", item[method]


def contents(operation):
    """The body and the answers that are JSON."""
    if body := operation.get("requestBody", {}).get("content", {}).get(JSON):
        yield "body", body
    for status, answer in operation["responses"].items():
        if status.startswith("2") and JSON in answer.get("content", {}):
            yield status, answer["content"][JSON]


def test_everything_has_an_example_that_its_schema_accepts(document):
    wrong, count = [], 0
    for name, operation in operations(document):
        for part, content in contents(operation):
            count += 1
            if "example" not in content:
                wrong.append(f"{name} {part}: none")
                continue
            check = jsonschema_rs.Draft202012Validator({**content["schema"], "components": document["components"]})
            wrong += [f"{name} {part}: {error.message}" for error in check.iter_errors(content["example"])]
    assert not wrong, "\n".join(wrong)
    assert count > 250


def test_the_bodies_of_the_access_table_suit_the_document_too(document, client):
    """They are accepted by the routes; a schema that refuses them would send programs away that are right."""
    wrong = []
    for name, operation in operations(document):
        body = operation.get("requestBody", {}).get("content", {}).get(JSON)
        sent = BODIES.get(name)
        if body and sent and not any("{" in str(value) for value in sent.values()):
            check = jsonschema_rs.Draft202012Validator({**body["schema"], "components": document["components"]})
            wrong += [f"{name}: {error.message}" for error in check.iter_errors(sent)]
    assert not wrong, "\n".join(wrong)


def test_an_example_registers_and_signs_in(document, client):
    """Not only of the right shape: what can be sent as it stands is done."""
    body = document["paths"]["/api/v1/users"]["post"]["requestBody"]["content"][JSON]["example"]
    made = client.post("/api/v1/users", json=body)
    assert made.status_code == 201, made.text
    again = client.post("/api/v1/sessions", json={"login": body["phone"], "password": body["password"]})
    assert again.status_code == 201, again.text


# Their answers carry a session, a secret or a code, which is stored nowhere; or they store nothing at all.
NEVER_REPLAYED = {
    "password-resets", "me/second-factor", "me/recovery-codes", "me/confirmation", "me/second-factor/removal",
    "sessions", "tokens", "users/invitations", "users/{id}/codes", "payment-gateways/{gateway}/tests",
    "doctors/{id}/hours/preview", "consultations/{id}/ticket", "prescriptions/checks", "prescriptions/verify",
}  # fmt: skip


def test_every_post_that_may_be_repeated_says_so(document):
    posts = {name.removeprefix("POST /api/v1/"): one for name, one in operations(document) if name.startswith("POST ")}
    repeatable = {
        name for name, one in posts.items() if any(of["name"] == "Idempotency-Key" for of in one.get("parameters", ()))
    }
    assert set(posts) - repeatable == NEVER_REPLAYED


def test_the_page_to_read_shows_them(people):
    text = people["li"].page("/api/docs?q=/cancel").text
    assert "临时有事" in text
    assert "Idempotency-Key" in text
