"""The people an account looks after: rules of the list, resident IDs, who sees what."""

import pytest
from sqlalchemy import func, select, text

from suwen.accounts.models import PatientProfile, User
from suwen.accounts.rules.resident_id import check
from suwen.core.audit import AuditEvent
from tests.support.cast import MOTHER_RESIDENT_ID
from tests.support.racing import race, statuses

SON = "110105201503073018"
SON = SON[:17] + check(SON)
FATHER = "440106195509170314"
FATHER = FATHER[:17] + check(FATHER)


def family(person):
    return person("GET", "/api/v1/family").json()


def add(person, **given):
    return person("POST", "/api/v1/family", json={"name": "Li Xiaobao", "relationship": "child"} | given)


def profiles(house, user_id):
    return house.db.read(lambda tx: tx.scalars(select(PatientProfile).filter_by(user_id=user_id)).all())


def looks(house, person_id):
    query = select(AuditEvent.actor_id, AuditEvent.action, AuditEvent.result, AuditEvent.kind)
    return house.db.read(lambda tx: [tuple(row) for row in tx.execute(query.where(AuditEvent.object_id == person_id))])


def test_adding_a_person(people, house):
    li = people["li"]
    made = add(li, id_number=SON.lower(), phone="13900139000", allergies="peanuts", medical_history="asthma")
    assert made.status_code == 201, made.text
    body = made.json()
    assert (body["birthday"], body["gender"]) == ("2015-03-07", "male")  # read from the number
    assert body["id_number"] == f"110***********{SON[-4:]}"
    assert body["phone"] == "+8613900139000"
    assert "allergies" not in body
    assert [one["name"] for one in family(li)] == ["Li Na 李娜", "Mrs. Li 李老太太", "Li Xiaobao"]
    detail = li("GET", f"/api/v1/family/{body['id']}").json()
    assert (detail["allergies"], detail["medical_history"]) == ("peanuts", "asthma")
    assert looks(house, body["id"]) == [(li.id, "write", "done", "profile"), (li.id, "read", "done", "profile")]


@pytest.mark.parametrize(("given", "kept"), [("男", "male"), ("女", "female"), ("other", "other")])
def test_the_sex_may_be_written_in_either_language(people, given, kept):
    person = {"name": "Li Xiaobao", "relationship": "child", "birthday": "2015-03-07", "gender": given}
    made = people["li"]("POST", "/api/v1/family", json=person)
    assert (made.status_code, made.json()["gender"]) == (201, kept)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"id_number": SON[:17] + ("1" if SON[17] != "1" else "2")}, "bad_resident_id"),
        ({"id_number": "123"}, "bad_resident_id"),
        ({"id_number": SON, "birthday": "2015-03-08"}, "resident_id_birthday"),
        ({"id_number": SON, "gender": "female"}, "resident_id_gender"),
        ({"birthday": "2030-01-02"}, "invalid"),
        ({"birthday": "1700-01-01"}, "invalid"),
        ({"phone": "12"}, "bad_phone"),
        ({"name": "\u200b"}, "invalid"),
        ({"relationship": "boss"}, "invalid"),
        ({"relationship": "self"}, "oneself_once"),
        ({"user_id": "x"}, "invalid"),
    ],
)
def test_what_is_refused_changes_nothing(people, house, given, code):
    before = len(profiles(house, people["li"].id))
    answer = add(people["li"], **given)
    assert answer.status_code in (409, 422)
    assert answer.json()["code"] == code
    assert len(profiles(house, people["li"].id)) == before


def test_the_same_person_once_in_an_account_and_again_in_another(people, house):
    assert add(people["li"], id_number=MOTHER_RESIDENT_ID).json()["code"] == "profile_exists"
    assert add(people["wang"], id_number=MOTHER_RESIDENT_ID).status_code == 201
    assert (
        add(people["li"], id_number="440106580412042").json()["code"] == "profile_exists"
    )  # the old way of writing it


def test_added_twice_at_once_is_added_once(people, house):
    answers = race(*4 * [lambda: add(people["wang"], id_number=SON)])
    assert statuses(answers) == [201, 409, 409, 409]
    assert len(profiles(house, people["wang"].id)) == 2


def test_taken_off_the_list_and_added_anew(people, house):
    li, mother = people["li"], people["li"].profiles["mother"]
    assert li("DELETE", f"/api/v1/family/{mother}").status_code == 204
    assert [one["relationship"] for one in family(li)] == ["self"]
    assert li("GET", f"/api/v1/family/{mother}").status_code == 404
    assert li("DELETE", f"/api/v1/family/{mother}").status_code == 404
    assert add(li, id_number=MOTHER_RESIDENT_ID).status_code == 201
    assert house.db.read(lambda tx: tx.get(PatientProfile, mother)) is not None  # the record has its person still


def test_oneself_stays(people):
    li = people["li"]
    own = li.profiles["self"]
    assert li("DELETE", f"/api/v1/family/{own}").json()["code"] == "oneself_stays"
    other = li("PUT", f"/api/v1/family/{own}", json={"name": "Li Na", "relationship": "friend"})
    assert other.json()["code"] == "oneself_stays"
    claimed = li("PUT", f"/api/v1/family/{li.profiles['mother']}", json={"name": "Me", "relationship": "self"})
    assert claimed.json()["code"] == "oneself_stays"


def test_who_is_booked_for_first(people, house):
    li = people["li"]
    mother = li.profiles["mother"]
    assert li.form(f"/family/{mother}/default").status_code == 303
    assert [(one["relationship"], one["is_default"]) for one in family(li)] == [("family", True), ("self", False)]
    son = add(li, is_default=True).json()["id"]
    assert [one["id"] for one in family(li) if one["is_default"]] == [son]
    li("DELETE", f"/api/v1/family/{son}")
    assert [one["is_default"] for one in family(li)] == [True, False]  # the next one takes over


def test_choosing_at_once_leaves_one_default(people, house):
    li = people["li"]
    ids = [add(li).json()["id"] for _ in range(3)]
    race(
        *[
            lambda id=id: li(
                "PUT", f"/api/v1/family/{id}", json={"name": "x", "relationship": "child", "is_default": True}
            )
            for id in ids
        ]
    )
    assert sum(one["is_default"] for one in family(li)) == 1


def test_changing_keeps_the_number_and_checks_it(people, house):
    li, mother = people["li"], people["li"].profiles["mother"]
    body = {
        "name": "李老太太",
        "relationship": "parent",
        "birthday": "1958-04-12",
        "allergies": "penicillin",
        "version": 1,
    }
    changed = li("PUT", f"/api/v1/family/{mother}", json=body)
    assert changed.status_code == 200, changed.text
    assert changed.json()["id_number"].endswith(MOTHER_RESIDENT_ID[-4:])
    assert changed.json()["version"] == 2
    stale = li("PUT", f"/api/v1/family/{mother}", json=body)
    assert (stale.status_code, stale.json()["code"]) == (409, "conflict")
    wrong = li("PUT", f"/api/v1/family/{mother}", json=body | {"version": 2, "birthday": "1958-04-13"})
    assert wrong.json()["code"] == "resident_id_birthday"
    assert li("GET", f"/api/v1/family/{mother}").json()["allergies"] == "penicillin"


def test_changing_oneself_changes_the_account_too(people, house):
    li = people["li"]
    li("PUT", f"/api/v1/family/{li.profiles['self']}", json={"name": "欧阳娜", "relationship": "self"})
    user = house.db.read(lambda tx: tx.get(User, li.id))
    assert (user.name, user.first_name, user.last_name) == ("欧阳娜", "娜", "欧阳")
    assert (
        li("PUT", "/api/v1/me", json={"name": "李娜", "birthday": "1990-01-01"}).json()["code"]
        == "resident_id_birthday"
    )
    assert li("PUT", "/api/v1/me", json={"name": "李娜", "zone": "Mars/Base"}).json()["code"] == "unknown_zone"
    assert li("PUT", "/api/v1/me", json={"name": "李娜", "zone": "Europe/London"}).json()["zone"] == "Europe/London"
    assert family(li)[0]["name"] == "李娜"


def test_there_is_an_end_to_the_list(people):
    for n in range(18):
        assert add(people["li"], name=f"Number {n}").status_code == 201
    assert add(people["li"]).json()["code"] == "too_many_profiles"


@pytest.mark.parametrize("who", ["wang", "eve", "zhang", "zhao", "admin", "guest"])
def test_nobody_else_comes_near(people, house, who):
    mother = people["li"].profiles["mother"]
    body = {"name": "Mallory", "relationship": "friend"}
    expected = {"guest": 401}.get(who, 404 if people[who].role == "patient" else 403)
    for method in ("GET", "PUT", "DELETE"):
        answer = people[who](method, f"/api/v1/family/{mother}", **({"json": body} if method == "PUT" else {}))
        assert answer.status_code == expected
        assert "李" not in answer.text
    assert people[who].page(f"/family/{mother}").status_code in (303, 403, 404)
    kept = house.db.read(lambda tx: tx.get(PatientProfile, mother))
    assert (kept.name, kept.is_deleted) == ("Mrs. Li 李老太太", False)


def test_a_refused_look_is_in_the_audit_trail(people, house):
    mother = people["li"].profiles["mother"]
    people["eve"]("GET", f"/api/v1/family/{mother}")
    assert looks(house, mother) == [(people["eve"].id, "read", "denied", "profile")]


def test_lists_do_not_ask_more_with_more_people(people, statements):
    before = len(statements(lambda: people["li"]("GET", "/api/v1/family")))
    for n in range(10):
        add(people["li"], name=f"Number {n}")
    assert len(statements(lambda: people["li"]("GET", "/api/v1/family"))) == before


def test_on_pages(people, house):
    li = people["li"]
    form = {
        "name": "王大爷",
        "relationship": "parent",
        "id_number": FATHER,
        "allergies": "",
        "gender": "male",
        "birthday": "",
        "phone": "",
    }
    made = li.form("/family/new?next=/doctors", form)
    assert (made.status_code, made.headers["location"]) == (303, "/doctors")
    wrong = li.form("/family/new", form | {"gender": "female", "name": "又一人"})
    assert wrong.status_code == 422
    assert "又一人" in wrong.text
    father = next(one for one in family(li) if one["name"] == "王大爷")
    text_of = li.page(f"/family/{father['id']}").text
    assert FATHER not in text_of
    assert father["id_number"] in text_of
    assert (
        li.form(f"/family/{father['id']}", form | {"name": "王老先生", "id_number": "", "version": "1"}).status_code
        == 303
    )
    assert li.form(f"/family/{father['id']}/remove").status_code == 303
    assert len(family(li)) == 2


def test_no_resident_id_in_any_answer(people):
    li = people["li"]
    for path in (
        "/api/v1/family",
        f"/api/v1/family/{li.profiles['mother']}",
        "/family",
        f"/family/{li.profiles['mother']}",
    ):
        assert MOTHER_RESIDENT_ID not in li.page(path).text
    for path in (f"/api/v1/users/{li.id}/family", f"/admin/people/{li.id}"):
        answer = people["admin"].page(path)
        assert answer.status_code == 200
        assert MOTHER_RESIDENT_ID not in answer.text


def test_no_plaintext_in_the_database(people, house):
    """Everything, every column, as the bytes of a stolen copy."""
    secret = "a very particular allergy"
    add(people["li"], id_number=SON, allergies=secret, medical_history=f"{secret} since 1999", name="Ming Secret")

    def dump(tx):
        tables = PatientProfile.metadata.tables.values()
        return "".join(str(row) for table in tables for row in tx.execute(text(f"SELECT * FROM {table.name}")))

    everything = house.db.read(dump)
    assert "Ming Secret" in everything  # the dump is one
    for clear in (secret, SON, MOTHER_RESIDENT_ID):
        assert clear not in everything


def test_a_moved_ciphertext_is_unreadable(people, house):
    from suwen.core.crypto import Unreadable
    from suwen.core.sealed import unseal

    first, second = add(people["li"], allergies="one").json()["id"], add(people["li"], allergies="two").json()["id"]

    def swap(tx):
        one, two = tx.get(PatientProfile, first), tx.get(PatientProfile, second)
        one.allergies = two.allergies
        with pytest.raises(Unreadable):
            unseal(tx, one, "allergies")
        two.medical_history = two.allergies
        with pytest.raises(Unreadable):
            unseal(tx, two, "medical_history")

    house.db.write(swap)


def test_keys_are_rotated_and_everything_stays_readable(people, house):
    from suwen.core.crypto import FieldKeys
    from suwen.core.sealed import rotate
    from suwen.settings import new_field_key

    id = add(people["li"], id_number=SON, allergies="peanuts").json()["id"]
    fresh = FieldKeys(f"{new_field_key()},{house.settings.field_keys}")
    for maker in (house.db._writes, house.db._reads):
        maker.kw["info"]["keys"] = fresh
    for column in ("id_number", "medical_history", "allergies"):
        assert house.db.write(lambda tx, column=column: rotate(tx, PatientProfile, column)) >= (
            column != "medical_history"
        )
        assert house.db.write(lambda tx, column=column: rotate(tx, PatientProfile, column)) == 0
    assert people["li"]("GET", f"/api/v1/family/{id}").json()["allergies"] == "peanuts"
    assert add(people["li"], id_number=SON).json()["code"] == "profile_exists"  # the blind index outlives rotation
    old = house.db.read(lambda tx: tx.scalar(select(func.count()).where(PatientProfile.allergies.startswith("k"))))
    assert old == house.db.read(
        lambda tx: tx.scalar(select(func.count()).where(PatientProfile.allergies.startswith(fresh.newest)))
    )
