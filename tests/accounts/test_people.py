"""People, as the administration sees them: search, paging, export, suspending, deleting, bringing back."""

import csv
import io

import pytest
from sqlalchemy import select

from suwen.accounts import service
from suwen.accounts.events import AccountClosed, AccountOpened
from suwen.accounts.models import PatientProfile, User
from suwen.accounts.schemas import PeopleFilter
from suwen.accounts.service import people as people_service
from suwen.core.audit import AuditEvent
from suwen.core.outbox import JOBS
from tests.support.cast import MOTHER_RESIDENT_ID, PASSWORD
from tests.support.racing import race, statuses


def listed(people, query=""):
    answer = people["admin"]("GET", f"/api/v1/users?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def accounts(people, query=""):
    return {one["account"] for one in listed(people, f"limit=100&{query}")["items"]}


def export(people, query=""):
    answer = people["admin"].page(f"/admin/people.csv?{query}")
    assert answer.status_code == 200
    return answer, list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=zhang", {"zhang"}),
        ("q=张仲", {"zhang"}),
        ("q=LI@EXAMPLE", {"li"}),
        ("q=0000006", {"zhao"}),
        ("q=%25", set()),
        ("q=_", set()),
        ("q=nobody", set()),
        ("role=doctor", {"zhang", "chen"}),
        ("role=doctor&q=chen", {"chen"}),
        ("status=suspended", set()),
        ("deleted=true", set()),
        ("", {"li", "wang", "eve", "zhang", "chen", "zhao", "admin"}),
    ],
)
def test_search_and_filters(people, query, found):
    assert accounts(people, query) == found


def test_pages_neither_skip_nor_repeat(people, house):
    def many(tx):
        for n in range(25):
            service.create_user(tx, role="patient", name=f"Patient {n}", account=f"patient-{n}", now=house.clock())

    house.db.write(many)
    seen, after = [], None
    while True:
        page = listed(people, f"limit=10&after={after or ''}" if after else "limit=10")
        seen += [one["id"] for one in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert len(seen) == len(set(seen)) == 32
    assert listed(people)["items"][0]["account"] == "patient-24"
    assert people["admin"]("GET", "/api/v1/users?after=nonsense").json()["code"] == "bad_cursor"


def test_the_page_leads_on(people, house):
    def many(tx):
        for n in range(25):
            service.create_user(tx, role="patient", name=f"Patient {n}", account=f"patient-{n}", now=house.clock())

    house.db.write(many)
    text = people["admin"].page("/admin/people?q=patient-").text
    assert "after=" in text
    assert "patient-24" in text
    assert "patient-1<" not in text


@pytest.mark.parametrize("who", ["li", "eve", "zhang", "zhao", "guest"])
def test_nobody_else_comes_in(people, house, who):
    id = people["wang"].id
    refused = 401 if who == "guest" else 403
    calls = [
        ("GET", "/api/v1/users", {}), ("GET", f"/api/v1/users/{id}", {}), ("DELETE", f"/api/v1/users/{id}", {}),
        ("PUT", f"/api/v1/users/{id}/status", {"json": {"status": "suspended"}}),
        ("PUT", f"/api/v1/users/{id}", {"json": {"name": "x", "account": "xxx"}}),
        ("POST", f"/api/v1/users/{id}/restoration", {}), ("POST", f"/api/v1/users/{id}/codes", {}),
        ("POST", "/api/v1/users/invitations", {"json": {"name": "x", "account": "xxx", "role": "admin"}}),
        ("GET", f"/api/v1/users/{id}/family", {}), ("DELETE", f"/api/v1/users/{id}/second-factor", {}),
    ]  # fmt: skip
    before = house.db.read(lambda tx: list(tx.execute(select(User.__table__))))
    for method, path, options in calls:
        assert people[who](method, path, **options).status_code == refused, path
    for path in ("/admin/people", "/admin/people.csv", f"/admin/people/{id}", "/admin/people/new"):
        answer = people[who].page(path)
        assert answer.status_code == (303 if who == "guest" else 403)
        assert "wang@example.org" not in answer.text
    assert house.db.read(lambda tx: list(tx.execute(select(User.__table__)))) == before


# Export


def test_the_export_has_exactly_these_columns(people, house):
    answer, rows = export(people, "q=wang")
    assert rows[0] == ["Account", "Name", "Gender", "Phone", "Email", "Role", "Status", "Created At"]
    assert rows[1][:2] == ["wang", "Wang Wei 王伟"]
    assert rows[1][5:7] == ["patient", "active"]
    assert len(rows) == 2
    assert answer.text.startswith("\ufeff")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    noted = house.db.read(lambda tx: tx.scalars(select(AuditEvent).filter_by(action="export")).all())
    assert [one.actor_id for one in noted] == [people["admin"].id]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x")', 'a,b "c"\n=d'])
def test_no_cell_runs_as_a_formula(people, house, name):
    house.db.write(lambda tx: service.create_user(tx, role="patient", name=name, account="formula", now=house.clock()))
    _, rows = export(people, "q=formula")
    assert rows[1][1].lstrip("'") == name.replace("\n", " ")
    assert rows[1][1][0] not in "=+-@"


def test_the_export_is_whole_and_comes_in_pieces(people, house):
    def many(tx):
        tx.add_all(
            [User(account=f"many-{n}", name=f"Many {n}", password_hash="!", role="patient") for n in range(1203)]
        )

    house.db.write(many)
    _, rows = export(people)
    assert len(rows) == 1 + 7 + 1203
    assert len({row[0] for row in rows}) == len(rows)
    pieces = house.db.read(lambda tx: [len(piece) for piece in people_service.as_csv(tx, PeopleFilter())])
    assert len(pieces) == 4  # header and 500 at a time


# Making and editing


def test_making_an_account_of_any_role(people, house):
    for role in ("doctor", "pharmacist", "admin", "patient"):
        body = {"name": "吴敏", "role": role, "email": f"{role}@clinic.example"}
        made = people["admin"]("POST", "/api/v1/users/invitations", json=body)
        assert made.status_code == 201, made.text
        user = house.db.read(lambda tx, id=made.json()["user"]["id"]: tx.get(User, id))
        assert (user.role, user.password_hash, user.first_name) == (role, "!", "敏")
    taken = people["admin"]("POST", "/api/v1/users/invitations", json={"name": "x", "account": "wang"})
    assert (taken.status_code, taken.json()["code"]) == (409, "account_taken")


def test_the_code_of_an_invitation_is_shown_once_on_the_page(people):
    admin = people["admin"]
    answer = admin.form("/admin/people/new", {"role": "pharmacist", "name": "Wu", "email": "wu@example.org"})
    assert answer.status_code == 200
    assert "/reset/code" in answer.text
    wrong = admin.form("/admin/people/new", {"role": "pharmacist", "name": "Wu Min", "email": "wu@example.org"})
    assert wrong.status_code == 409
    assert "Wu Min" in wrong.text


def test_editing_with_a_version(people, house):
    admin, id = people["admin"], people["zhang"].id
    body = {"name": "张机", "account": "zhang", "email": "ji@example.org", "version": 1, "gender": "male"}
    changed = admin("PUT", f"/api/v1/users/{id}", json=body)
    assert changed.status_code == 200, changed.text
    assert (changed.json()["name"], changed.json()["email"]) == ("张机", "ji@example.org")
    assert admin("PUT", f"/api/v1/users/{id}", json=body).json()["code"] == "conflict"
    taken = admin("PUT", f"/api/v1/users/{id}", json=body | {"version": 2, "account": "wang"})
    assert taken.json()["code"] == "account_taken"
    assert (
        admin.form(f"/admin/people/{id}/edit", {"name": "张仲景", "account": "zhang", "version": "2"}).status_code
        == 303
    )
    assert admin("GET", f"/api/v1/users/{id}").json()["email"] is None


def test_editing_a_patient_keeps_their_own_entry_in_step(people, house):
    admin, li = people["admin"], people["li"]
    body = {"name": "李娜", "account": "li", "gender": "male"}
    assert admin("PUT", f"/api/v1/users/{li.id}", json=body).json()["code"] == "resident_id_gender"
    assert admin("PUT", f"/api/v1/users/{li.id}", json=body | {"gender": "female"}).status_code == 200
    assert li("GET", "/api/v1/family").json()[0]["name"] == "李娜"


def test_changing_how_one_signs_in_needs_the_password(people, house):
    wang = people["wang"]
    body = {"account": "wang-wei", "phone": "13900139000", "email": "w@example.org", "password": "wrong wrong"}
    assert wang("PUT", "/api/v1/me/ways-in", json=body).json()["code"] == "wrong_password"
    assert house.db.read(lambda tx: tx.get(User, wang.id)).account == "wang"
    assert wang("PUT", "/api/v1/me/ways-in", json=body | {"password": PASSWORD}).json()["phone"] == "+8613900139000"
    taken = wang("PUT", "/api/v1/me/ways-in", json=body | {"password": PASSWORD, "email": "li@example.org"})
    assert taken.json()["code"] == "account_taken"


# Closing and opening


@pytest.fixture
def told():
    """What others hear, with a listener of this test's own."""
    heard = []

    def note(tx, now, **payload):
        heard.append(payload)

    for event in (AccountClosed, AccountOpened):
        JOBS.setdefault(event.name, []).append(note)
    yield heard
    for event in (AccountClosed, AccountOpened):
        JOBS[event.name].remove(note)


@pytest.mark.parametrize("status", ["suspended", "inactive"])
def test_suspending_ends_everything_at_once(people, house, settle, told, status):
    token = people["wang"].token
    asked = lambda: people["guest"]("GET", "/api/v1/me", headers={"authorization": f"Bearer {token}"})  # noqa: E731
    assert asked().status_code == 200
    changed = people["admin"]("PUT", f"/api/v1/users/{people['wang'].id}/status", json={"status": status})
    assert changed.json()["status"] == status
    assert asked().status_code == 401
    settle()
    assert told == [{"user_id": people["wang"].id, "role": "patient"}]
    again = people["admin"]("PUT", f"/api/v1/users/{people['wang'].id}/status", json={"status": "active"})
    assert again.json()["status"] == "active"
    assert asked().status_code == 401  # a new sign-in is needed
    answer = people["guest"]("POST", "/api/v1/sessions", json={"login": "wang", "password": PASSWORD})
    assert answer.status_code == 201


def test_deleting_hides_and_restoring_brings_back(people, house, settle, told):
    admin, wang = people["admin"], people["wang"]
    assert admin("DELETE", f"/api/v1/users/{wang.id}").status_code == 204
    assert "wang" not in accounts(people)
    assert accounts(people, "deleted=true") == {"wang"}
    assert admin("GET", f"/api/v1/users/{wang.id}").json()["is_deleted"] is True
    user = house.db.read(lambda tx: tx.get(User, wang.id))
    assert (user.deleted_by, user.deleted_at) == (admin.id, house.clock())
    assert house.db.read(lambda tx: tx.scalar(select(PatientProfile).filter_by(user_id=wang.id))) is not None
    body = {"name": "x", "password": "seven lanterns over water", "email": "wang@example.org"}
    assert people["guest"]("POST", "/api/v1/users", json=body).status_code == 409  # the address stays theirs
    assert admin("POST", f"/api/v1/users/{wang.id}/restoration").json()["is_deleted"] is False
    assert "wang" in accounts(people)
    settle()
    assert len(told) == 2
    purposes = house.db.read(
        lambda tx: list(tx.scalars(select(AuditEvent.purpose).filter_by(object_id=wang.id, kind="user")))
    )
    assert purposes == ["deleted", "restored"]


def test_nobody_closes_their_own_account_as_admin(people, house):
    admin = people["admin"]
    for method, path, options in (
        ("DELETE", f"/api/v1/users/{admin.id}", {}),
        ("PUT", f"/api/v1/users/{admin.id}/status", {"json": {"status": "suspended"}}),
        ("DELETE", f"/api/v1/users/{admin.id}/second-factor", {}),
    ):
        assert admin(method, path, **options).json()["code"] == "not_yourself"
    assert admin("GET", "/api/v1/me").status_code == 200


def test_deleting_twice_at_once_tells_once(people, settle, told):
    answers = race(*4 * [lambda: people["admin"]("DELETE", f"/api/v1/users/{people['wang'].id}")])
    assert statuses(answers) == [204] * 4
    settle()
    assert len(told) == 1


def test_on_pages(people):
    admin, wang = people["admin"], people["wang"].id
    for path, data in (
        ("status", {"status": "suspended"}),
        ("status", {"status": "active"}),
        ("delete", {}),
        ("restore", {}),
    ):
        assert admin.form(f"/admin/people/{wang}/{path}", data).status_code == 303
        assert admin.page(f"/admin/people/{wang}").status_code == 200
    code = admin.form(f"/admin/people/{wang}/code")
    assert code.status_code == 200
    assert admin.form(f"/admin/people/{wang}/second-factor").status_code == 303
    assert admin.form("/admin/people/nobody/delete").status_code == 404


# At the desk


def test_the_desk_adds_a_person_and_sees_who_is_probably_the_same(people, house):
    admin, wang = people["admin"], people["wang"].id
    form = {"name": "李老太太", "relationship": "parent", "id_number": MOTHER_RESIDENT_ID}
    assert admin.form(f"/admin/people/{wang}/family/new", form).status_code == 303
    text = admin.page(f"/admin/people/{wang}").text
    assert "Mrs. Li" in text  # in Li's account
    assert MOTHER_RESIDENT_ID not in text
    assert len(admin("GET", f"/api/v1/users/{wang}/family").json()) == 2
    not_a_patient = admin("POST", f"/api/v1/users/{people['zhang'].id}/family", json={"name": "x"})
    assert not_a_patient.status_code == 404


def test_the_desk_lets_somebody_see_a_record(people):
    admin, li = people["admin"], people["li"]
    form = {"profile_id": li.profiles["mother"], "staff_user_id": people["zhang"].id, "reason": "second opinion"}
    assert admin.form(f"/admin/people/{li.id}/care", form).status_code == 303
    assert "second opinion" in admin.page(f"/admin/people/{li.id}").text


def test_no_page_asks_more_when_its_lists_grow(people, house, statements):
    admin, li = people["admin"], people["li"]
    pages = ["/admin/people", f"/admin/people/{li.id}", "/account/sessions", "/account/tokens"]
    who = {path: admin if path.startswith("/admin") else li for path in pages} | {"/family": li}
    before = {path: len(statements(lambda path=path: who[path].page(path))) for path in who}
    for n in range(6):
        li("POST", "/api/v1/family", json={"name": f"Child {n}", "relationship": "child"})
        people["guest"]("POST", "/api/v1/sessions", json={"login": "li", "password": PASSWORD})
        li("POST", "/api/v1/tokens", json={"name": f"Token {n}", "password": PASSWORD})
        body = {"profile_id": li.profiles["mother"], "staff_user_id": people["zhang"].id, "reason": f"reason {n}"}
        assert admin("POST", "/api/v1/care-relations", json=body).status_code == 201
    after = {path: len(statements(lambda path=path: who[path].page(path))) for path in who}
    assert after == before
