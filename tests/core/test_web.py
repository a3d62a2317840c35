import threading

import pytest
from sqlalchemy import event, select, text, update
from sqlalchemy.exc import OperationalError

from suwen.accounts.models import SignIn, User
from suwen.core.audit import AuditEvent
from suwen.core.sessions import ENDED
from tests.core.conftest import FAILURES

ENTRY = {"code": "ZY001", "name": "中医内科 🌿"}
PATH = "/api/v1/lab/departments"


def audits(house):
    columns = (AuditEvent.action, AuditEvent.kind, AuditEvent.object_id, AuditEvent.result)
    return house.db.read(lambda tx: [tuple(row) for row in tx.execute(select(*columns))])


def test_what_is_saved_is_seen_at_once_though_the_list_is_kept(lab, bearer):
    assert lab.get(PATH).json() == []
    first = lab.get(PATH)
    assert lab.get(PATH, headers={"if-none-match": first.headers["etag"]}).status_code == 304
    assert lab.post(PATH, json=ENTRY, headers=bearer).status_code == 201
    assert lab.get(PATH, headers={"if-none-match": first.headers["etag"]}).json() == ["ZY001"]


def test_a_kept_answer_costs_no_statement(lab, house):
    lab.get(PATH)
    seen = []
    event.listen(house.db.read_engine, "before_cursor_execute", lambda *a: seen.append(a[2]))
    assert lab.get(PATH).status_code == 200
    assert seen == []


def test_an_answer_read_before_a_drop_is_not_kept(house):
    ticket = house.kept.ticket()
    house.kept.drop("doctor:x")
    house.kept.put("doctor:x", "week", b"old", "application/json", ticket)
    assert house.kept.get("doctor:x", "week") is None


@pytest.mark.parametrize("kind", FAILURES)
def test_a_commit_that_fails_is_never_answered_with_success(lab, house, bearer, departments, kind):
    make, status = FAILURES[kind]

    def fail(session):
        raise make()

    event.listen(house.db._writes, "before_commit", fail)
    try:
        refused = lab.post(PATH, json=ENTRY, headers=bearer)
    finally:
        event.remove(house.db._writes, "before_commit", fail)
    assert (refused.status_code, departments()) == (status, 0)
    assert "secret" not in refused.text
    assert refused.headers["content-type"] == "application/problem+json"


def test_a_deadlock_repeats_the_whole_transaction(lab, house, bearer, departments):
    failures = [1213, 1205]

    def fail(session):
        if failures:
            raise OperationalError("COMMIT", {}, Exception(failures.pop(), "deadlock"))

    event.listen(house.db._writes, "before_commit", fail)
    answer = lab.post(PATH, json=ENTRY, headers=bearer)
    event.remove(house.db._writes, "before_commit", fail)
    assert (answer.status_code, failures, departments()) == (201, [], 1)


def test_a_connection_lost_at_commit_is_not_repeated(lab, house, bearer):
    calls = []

    def fail(session):
        calls.append(1)
        raise OperationalError("COMMIT", {}, Exception(2013, "lost"))

    event.listen(house.db._writes, "before_commit", fail)
    refused = lab.post(PATH, json=ENTRY, headers=bearer)
    event.remove(house.db._writes, "before_commit", fail)
    assert (refused.status_code, refused.json()["code"], len(calls)) == (503, "commit_unknown", 1)
    assert int(refused.headers["retry-after"]) >= 1


def test_a_get_cannot_write(lab, departments):
    assert lab.get("/api/v1/lab/writing-get").status_code in (500, 503)
    assert departments() == 0


def test_a_bug_tells_nothing(lab):
    answer = lab.get("/api/v1/lab/bug")
    assert (answer.status_code, answer.json()["code"]) == (500, "error")
    assert "secret" not in answer.text


def test_a_repeated_key_replays_the_answer(lab, bearer, departments):
    headers = bearer | {"idempotency-key": "one"}
    first, second = (lab.post(PATH, json=ENTRY, headers=headers) for _ in range(2))
    assert (first.status_code, second.status_code, departments()) == (201, 201, 1)
    assert first.json() == second.json()
    assert second.headers["idempotent-replay"] == "true"
    other = lab.post(PATH, json=ENTRY | {"name": "x"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")


def test_one_key_from_sixteen_at_once_works_once(lab, bearer, departments):
    answers, gate = [], threading.Barrier(16)

    def run():
        gate.wait()
        answers.append(lab.post(PATH, json=ENTRY, headers=bearer | {"idempotency-key": "same"}))

    threads = [threading.Thread(target=run) for _ in range(16)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert {a.status_code for a in answers} == {201}
    assert len({a.json()["made"] for a in answers}) == 1
    assert departments() == 1


def test_a_refusal_is_not_remembered_under_the_key(lab, bearer, departments):
    headers = bearer | {"idempotency-key": "k"}
    assert lab.post(PATH, json=ENTRY | {"code": "taken"}, headers=headers).status_code == 409
    assert lab.post(PATH, json=ENTRY, headers=headers).status_code == 201
    assert departments() == 1


@pytest.mark.parametrize("looked_at_lately", [True, False])
def test_a_key_tells_nothing_to_a_session_that_has_ended(lab, bearer, departments, house, clock, looked_at_lately):
    headers = bearer | {"idempotency-key": "k"}
    assert lab.post(PATH, json=ENTRY, headers=headers).status_code == 201
    house.db.write(lambda tx: tx.execute(update(SignIn).values(revoked_at=clock())))
    if not looked_at_lately:
        house.sessions._checked.clear()
    for key in ("k", "another"):
        refused = lab.post(PATH, json=ENTRY | {"code": "ZY002"}, headers=bearer | {"idempotency-key": key})
        assert (refused.status_code, refused.json()["code"]) == (401, "session_ended")
    assert departments() == 1


@pytest.mark.parametrize(
    "change", [{"status": "suspended"}, {"is_deleted": True}, {"role": "doctor"}], ids=lambda change: next(iter(change))
)
def test_a_write_renews_no_session_of_an_account_that_may_not_go_on(lab, bearer, departments, house, change):
    house.db.write(lambda tx: tx.execute(update(User).values(**change)))
    refused = lab.post(PATH, json=ENTRY, headers=bearer)
    assert (refused.status_code, departments()) == (401, 0)


@pytest.mark.parametrize(("minutes", "status"), [(29, 201), (31, 401)])
def test_a_session_that_rested_too_long_is_not_renewed_by_a_write(lab, bearer, departments, clock, minutes, status):
    clock.advance(minutes=minutes)
    assert lab.post(PATH, json=ENTRY, headers=bearer).status_code == status


def test_reads_and_refused_looks_are_audited(lab, house, bearer):
    assert lab.get("/api/v1/lab/record/mine", headers=bearer).status_code == 200
    assert lab.get("/api/v1/lab/record/foreign", headers=bearer).status_code == 404
    assert lab.get("/api/v1/lab/record/x").status_code == 401
    assert audits(house) == [("read", "record", "mine", "done"), ("read", "record", "foreign", "denied")]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "malformed"),
        (b'{"code": 7, "name": "x"}', 422, "invalid"),
        (b'{"code": "a", "name": "x", "extra": 1}', 422, "invalid"),
        (b'{"code": "a\\u0000", "name": "x"}', 422, "bad_text"),
        (b'{"code": "a", "name": "' + b"x" * 1_100_000 + b'"}', 413, "too_large"),
    ],
)
def test_bad_bodies_are_problems_and_change_nothing(lab, bearer, departments, body, status, code):
    headers = bearer | {"content-type": "application/json"}
    answer = lab.post(PATH, content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"], departments()) == (status, code, 0)


def test_what_is_nested_too_deep_to_read_is_a_bad_request(lab, people):
    body = b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}"
    answer = lab.post("/api/v1/lab/anything", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert people["li"].page("/", headers={"cookie": "toast=" + "[" * 5000}).status_code == 200


def test_problems_speak_the_readers_language(lab, bearer):
    answer = lab.get("/api/v1/nothing", headers={"accept-language": "en"})
    assert answer.json()["title"] == "There is nothing here under this address."
    assert lab.get("/api/v1/nothing", headers={"accept-language": "zh"}).json()["title"] != answer.json()["title"]


def test_forged_and_ended_sessions_are_refused(lab, house, token):
    def ask(given):
        return lab.get("/api/v1/lab/record/x", headers={"authorization": f"Bearer {given}"}).status_code

    assert ask(token) == 200
    assert ask(token[:-1] + ("0" if token[-1] != "0" else "1")) == 401
    assert ask("nonsense") == ask("a~b~c") == 401
    session_id = token.split("~")[2]
    house.sessions.hear(ENDED + session_id)
    assert ask(token) == 401


def test_a_session_ended_in_another_process_is_refused_by_the_next_write(lab, house, token, departments):
    headers = {"authorization": f"Bearer {token}"}
    assert lab.get("/api/v1/lab/record/x", headers=headers).status_code == 200
    house.db.write(lambda tx: tx.execute(text("UPDATE sessions SET revoked_at = '2029-12-31 00:00:00'")))
    assert (lab.post(PATH, json=ENTRY, headers=headers).status_code, departments()) == (401, 0)


def test_long_answers_are_streamed_and_named(lab):
    answer = lab.get("/api/v1/lab/long")
    assert answer.text.splitlines()[-1] == "line 4999"
    assert answer.headers["content-disposition"].endswith("%C3%A4%20b.csv")


def test_forms_need_their_token_and_come_back_with_what_was_typed(lab, token, departments):
    lab.cookies.set("session", token)
    plain = {"code": "A1", "name": "Acupuncture", "urgent": "on", "tags": ["a", "b"]}
    lines = {"lines.0.name": "麻黄", "lines.0.grams": "6", "lines.1.name": "", "lines.1.grams": ""}
    assert lab.post("/lab/form", data=plain).status_code == 403
    lab.get("/lab/form")
    csrf = {"_csrf_token": lab.cookies["csrftoken"], "_once": "o1"}
    sent = [lab.post("/lab/form", data=plain | lines | csrf) for _ in range(2)]
    assert [s.status_code for s in sent] == [303, 303]
    assert {s.headers["location"] for s in sent} == {"/lab/form?lines=1&tags=2&urgent=True"}
    assert departments() == 1
    refused = lab.post("/lab/form", data=plain | {"code": "taken"} | csrf | {"_once": "o2"})
    assert (refused.status_code, departments()) == (409, 1)
    missing = lab.post("/lab/form", data={"code": "", "name": "x"} | csrf | {"_once": "o3"})
    assert missing.status_code == 422


def test_a_page_for_members_sends_strangers_to_sign_in(lab):
    answer = lab.get("/lab/form?x=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/lab/form%3Fx%3D1")


def test_every_answer_carries_the_security_headers(lab):
    for path in ("/healthz", "/api/v1/nothing", PATH):
        headers = lab.get(path).headers
        assert "unsafe-inline" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_no_link_leads_out_of_the_house(lab):
    for target in ("https://evil.test/", "//evil.test", "/\\evil.test", "javascript:alert(1)"):
        assert lab.get("/language", params={"to": "en", "next": target}).headers["location"] == "/"
    assert lab.get("/language", params={"to": "en", "next": "/doctors?x=1"}).headers["location"] == "/doctors?x=1"


@pytest.mark.parametrize(
    ("target", "goes_to"),
    [
        ("//[", "/"),
        ("http://[x", "/"),
        ("/气", "/%E6%B0%94"),
        ("/doctors?name=气", "/doctors?name=%E6%B0%94"),
        ("/doctors?name=%E6%B0%94&sort=name", "/doctors?name=%E6%B0%94&sort=name"),
        ("/a b\x7f", "/a%20b%7F"),
        ("/\t/evil.test", "/"),
    ],
)
@pytest.mark.parametrize("path", ["/language", "/theme"])
def test_the_way_back_is_written_as_an_address_or_leads_home(client, path, target, goes_to):
    answer = client.get(path, params={"to": "en", "next": target})
    assert (answer.status_code, answer.headers["location"]) == (303, goes_to)


def test_the_page_after_a_sign_in_may_be_odd_as_well(client):
    for target in ("//[", "/%E6%B0%94", "/气"):
        assert client.get("/sign-in", params={"next": target}).status_code == 200


def test_an_address_without_a_page_still_knows_who_came(people):
    answer = people["li"].page("GET", "/nowhere")
    assert answer.status_code == 404
    assert 'action="/sign-out"' in answer.text
    assert 'action="/sign-out"' not in people["guest"].page("GET", "/nowhere").text
