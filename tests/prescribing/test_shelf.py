"""Templates and phrases: a doctor's own, counted when used, put away, brought back."""

import pytest

from tests.support.racing import race, statuses

PIECES = [
    {"name": "人参", "role": "君", "amount": "9", "method": "另煎"},
    {"name": "白术", "role": "臣", "amount": "9.50"},
]
TEMPLATE = {
    "name": "我的四君子", "description": "脾虚常用", "kind": "herbal", "formula": "sijunzi", "diagnosis": "脾胃气虚证",
    "medicines": PIECES, "regimen": {"doses": 7, "doses_per_day": "1", "ml": 400}, "instructions": "忌生冷",
}  # fmt: skip
TEMPLATES, PHRASES = "/api/v1/prescription-templates", "/api/v1/phrases"
PHRASE = {"category": "advice", "content": "避风寒，慎起居。"}


@pytest.fixture
def kept(people):
    def make(login="zhang", **more):
        answer = people[login]("POST", TEMPLATES, json=TEMPLATE | more)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return make


@pytest.fixture
def phrase(people):
    def make(login="zhang", **more):
        answer = people[login]("POST", PHRASES, json=PHRASE | more)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return make


def test_a_template_keeps_what_was_written(people, kept):
    made = kept()
    found = people["zhang"]("GET", f"{TEMPLATES}/{made['id']}").json()
    assert found == made
    assert (found["kind"], found["formula"], found["usage_count"], found["is_active"]) == ("herbal", "sijunzi", 0, True)
    assert found["regimen"]["doses"] == 7
    assert [(line["name"], line["amount"], line["dosage"]) for line in found["medicines"]] == [
        ("人参", "9", "9g"), ("白术", "9.5", "9.5g"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"name": ""}, "name"), ({"name": "长" * 101}, "name"), ({"diagnosis": ""}, "diagnosis"),
        ({"medicines": []}, "medicines"), ({"description": "x" * 501}, "description"),
        ({"instructions": "x" * 1001}, "instructions"), ({"kind": "magic"}, "kind"),
        ({"medicines": [{"name": "人参", "amount": "a lot"}]}, "medicines"),
    ],
)  # fmt: skip
def test_what_a_template_may_not_be(people, wrong, place):
    answer = people["zhang"]("POST", TEMPLATES, json=TEMPLATE | wrong)
    assert answer.status_code == 422
    assert place in answer.text
    assert people["zhang"]("GET", TEMPLATES).json()["items"] == []


def test_templates_by_use_and_found(people, kept):
    first, second = kept(name="一号"), kept(name="二号", kind="compound", diagnosis="感冒 100%", regimen=None)
    kept("chen", name="别人的")
    zhang = people["zhang"]
    for _ in range(2):
        used = zhang("POST", f"{TEMPLATES}/{first['id']}/use").json()
    assert used["usage_count"] == 2
    assert used["updated_at"] == first["updated_at"]  # used, not changed
    named = [one["name"] for one in zhang("GET", TEMPLATES).json()["items"]]
    assert named == ["一号", "二号"]
    for query, expected in (
        ({"q": "二"}, ["二号"]), ({"q": "100%"}, ["二号"]), ({"q": "%"}, ["二号"]), ({"kind": "herbal"}, ["一号"]),
        ({"q": "别人"}, []),
    ):  # fmt: skip
        assert [one["name"] for one in zhang("GET", TEMPLATES, params=query).json()["items"]] == expected, query
    part = zhang("GET", TEMPLATES, params={"limit": 1}).json()
    rest = zhang("GET", TEMPLATES, params={"limit": 1, "after": part["next"]}).json()
    assert [part["items"][0]["id"], rest["items"][0]["id"]] == [first["id"], second["id"]]


def test_a_template_changed_put_away_and_brought_back(people, kept):
    zhang, path = people["zhang"], f"{TEMPLATES}/{kept()['id']}"
    assert zhang("PUT", path, json=TEMPLATE | {"name": "改了"}).json()["name"] == "改了"
    assert zhang("DELETE", path).status_code == 204
    assert zhang("GET", TEMPLATES).json()["items"] == []
    assert zhang("POST", f"{path}/use").json()["code"] == "no_such_template"
    [put_away] = zhang("GET", TEMPLATES, params={"all": "true"}).json()["items"]
    assert (put_away["is_active"], put_away["usage_count"]) == (False, 0)
    assert zhang("PUT", path, json=TEMPLATE).json()["is_active"] is True
    assert zhang("POST", f"{path}/use").status_code == 200


def test_uses_at_once_are_all_counted(people, kept):
    path = f"{TEMPLATES}/{kept()['id']}"
    zhang = people["zhang"]
    assert statuses(race(*[lambda: zhang("POST", f"{path}/use")] * 4)) == [200] * 4
    assert zhang("GET", path).json()["usage_count"] == 4


def test_a_phrase_from_its_first_word_to_its_last(people, phrase):
    zhang, made = people["zhang"], phrase()
    path = f"{PHRASES}/{made['id']}"
    other = phrase(category="diagnosis", content="不寐")
    assert [one["id"] for one in zhang("GET", PHRASES, params={"category": "diagnosis"}).json()["items"]] == [
        other["id"]
    ]
    assert zhang("POST", f"{path}/use").json()["usage_count"] == 1
    assert [one["id"] for one in zhang("GET", PHRASES).json()["items"]] == [made["id"], other["id"]]
    assert zhang("GET", PHRASES, params={"q": "慎"}).json()["items"][0]["id"] == made["id"]
    assert zhang("PUT", path, json=PHRASE | {"content": "多饮水。"}).json()["content"] == "多饮水。"
    assert zhang("DELETE", path).status_code == 204
    assert zhang("POST", f"{path}/use").status_code == 404
    assert [one["is_active"] for one in zhang("GET", PHRASES, params={"all": "true"}).json()["items"]] == [False, True]


@pytest.mark.parametrize("wrong", [{"category": "poetry"}, {"content": ""}, {"content": "  "}, {"content": "x" * 1001}])
def test_what_a_phrase_may_not_be(people, wrong):
    assert people["zhang"]("POST", PHRASES, json=PHRASE | wrong).status_code == 422
    assert people["zhang"]("GET", PHRASES).json()["items"] == []


def test_nobody_elses(people, kept, phrase):
    zhang = people["zhang"]
    for path, body in ((f"{TEMPLATES}/{kept()['id']}", TEMPLATE), (f"{PHRASES}/{phrase()['id']}", PHRASE)):
        before = zhang("GET", path).json()
        for way, sent in (("GET", None), ("PUT", body), ("DELETE", None)):
            assert people["chen"](way, path, json=sent).status_code == 404
            assert people["li"](way, path, json=sent).status_code == 403
        assert people["chen"]("POST", f"{path}/use").status_code == 404
        assert zhang("GET", path).json() == before
