import pytest


@pytest.mark.parametrize("path", ["/admin", "/admin/audit", "/api/docs", "/api/docs?q=nothing-of-this-name"])
def test_pages_open_for_the_administrator(people, path):
    assert people["admin"].page(path).status_code == 200


def test_the_reference_is_made_once_however_often_it_is_asked_for(people, app, monkeypatch):
    first = people["guest"].page("/api/docs")
    assert "/api/v1/appointments" in first.text
    made = []
    schema = type(app.openapi_schema)
    monkeypatch.setattr(schema, "to_schema", lambda self: made.append(self))
    assert len(people["guest"].page("/api/docs").text) == len(first.text)
    found = people["guest"].page("/api/docs?q=WALLET").text
    assert "/api/v1/wallet" in found
    assert "/api/v1/appointments" not in found
    assert made == []


@pytest.mark.parametrize("path", ["/admin", "/admin/audit"])
@pytest.mark.parametrize("who", ["li", "zhang", "zhao"])
def test_and_for_nobody_else(people, path, who):
    assert people[who].page(path).status_code == 403


def test_the_export_of_the_trail_is_itself_in_the_trail(people):
    sent = people["admin"].form("/admin/audit.csv?days=30")
    assert sent.status_code == 200
    assert sent.text.startswith("\ufeffat,actor")
    again = people["admin"].form("/admin/audit.csv?days=30")
    assert ",export,audit,trail," in again.text


def test_home_is_for_everybody_and_staff_go_to_their_desks(people):
    assert people["guest"].page("/").status_code == 200
    assert people["li"].page("/").status_code == 200
    for who, desk in (("zhang", "/doctor/today"), ("admin", "/admin"), ("zhao", "/pharmacy")):
        assert people[who].page("/").headers["location"] == desk


def test_a_patient_sees_the_kept_inside_in_her_own_frame(people, ids, statements):
    path = f"/doctors/{ids.doctors['zhang']}"
    guest, li = people["guest"].page(path), people["li"].page(path)
    assert "张仲景" in guest.text
    assert "张仲景" in li.text
    assert "/sign-out" in li.text
    assert "/sign-out" not in guest.text
    assert len(statements(lambda: people["li"].page(path))) == 0
