"""A clinic in the middle of its day: of all that a route may name, Li has one of her own and one of her mother's.

Built through the API as people would. `CANARIES` are words that only those concerned may ever read.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from suwen.core.db import new_id
from suwen.payments.gateways import Line
from suwen.payments.models import Anomaly, GatewayExchange, GatewayReport
from suwen.payments.service.reconciling import reconcile
from tests.support.cast import PASSWORD, START, Ids
from tests.support.people import Person

LI = ("13800000001", "li@example.org", "Li Na", "李娜")
MOTHER = ("Mrs. Li", "李老太太")
CLINICAL = {
    "own": (
        "own-complaint-qpx",
        "own-diagnosis-qpx",
        "own-plan-qpx",
        "own-note-qpx",
        "own-history-qpx",
        "own-herb-qpx",
    ),
    "mother": (
        "mum-complaint-zvk",
        "mum-diagnosis-zvk",
        "mum-plan-zvk",
        "mum-note-zvk",
        "mum-history-zvk",
        "mum-herb-zvk",
    ),
    "wang": (
        "wang-complaint-jwy",
        "wang-diagnosis-jwy",
        "wang-plan-jwy",
        "wang-note-jwy",
        "wang-history-jwy",
        "wang-herb-jwy",
    ),
}
OF_LI = (*LI, *MOTHER, *CLINICAL["own"], *CLINICAL["mother"])
OF_WANG = ("13800000002", "wang@example.org", "Wang Wei", "王伟", *CLINICAL["wang"])
CANARIES = {
    "anonymous": OF_LI + OF_WANG,
    "patient": OF_WANG,
    "guardian": OF_WANG,
    "eve": OF_LI + OF_WANG,
    "treating": OF_WANG,
    "other": OF_LI,  # Chen treats Wang
    "pharmacist": OF_LI + OF_WANG,
    "admin": sum(CLINICAL.values(), ()),  # who runs the house reads nobody's record
}

ASKED = {"allergies": [], "pregnancy": "no"}
# What waits for a pharmacist is every pharmacist's to take up, and is open then; the queue names no medicine.
WORK = {
    "GET /api/v1/prescriptions/waiting": sum(CLINICAL.values(), ()),
    "POST /api/v1/prescriptions/{id}/claim": OF_WANG,
    "POST /api/v1/prescriptions/{id}/dispensings": OF_WANG,
    "GET /pharmacy": sum(CLINICAL.values(), ()),
    "POST /pharmacy/take/{id}": OF_WANG,
    "POST /pharmacy/dispense/{id}": OF_WANG,
}


@dataclass
class Side:
    """Ids by name: what `{id}` of a row stands for, and what bodies name."""

    names: dict[str, str] = field(default_factory=dict)

    def __getattr__(self, name: str) -> str:
        try:
            return self.names[name]
        except KeyError:
            raise AttributeError(f"the scene has no {name}") from None


class Scene:
    """`scene.sides["mother"].visit`. The clock stands at 10:40 in Shanghai, on the first of January 2030."""

    def __init__(self, people: dict[str, Person], ids: Ids, clock: Any) -> None:
        self.people, self.ids, self.clock = people, ids, clock
        self.shared: dict[str, str] = {}
        self.slot_of: dict[str, str] = {}
        self.sides: dict[str, Side] = {}

    def build(self, settle: Any) -> "Scene":
        self._open()
        for login, side, person, doctor, minutes in (
            ("li", "own", "self", "zhang", 60), ("li", "mother", "mother", "zhang", 90),
            ("wang", "wang", "self", "chen", 60),
        ):  # fmt: skip
            self.sides[side] = Side()
            self._describe(login, side, person)
            self._past(login, side, person, doctor, START + timedelta(minutes=minutes))
        self._today()
        settle()
        for side, login in (("own", "li"), ("mother", "li"), ("wang", "wang")):
            self._account(login, self.sides[side].names)
        self._coming()
        settle()
        self._gateways()
        for side in self.sides.values():
            side.names = self.shared | side.names
        for person in self.people.values():
            assert person.role == "guest" or person.token
        return self

    # -- what happened, in its order

    def _open(self) -> None:
        for kind, amount in (("appointment_online", 3000), ("appointment_offline", 5000)):
            price = {"service_type": kind, "service_name": kind, "price": amount}
            self.shared["price"] = self.does("admin", "POST", "/prices", json=price)["id"]
        rule = {"first_day": "2030-01-01", "opens": "09:00", "closes": "17:00", "recurrence": "DAILY"}
        for doctor, hours in (("zhang", "hours"), ("chen", "hours_of_chen")):
            at = f"/doctors/{self.ids.doctors[doctor]}/hours"
            self.shared[hours] = self.does(doctor, "POST", at, json=rule | {"zone": "Asia/Shanghai"})["id"]
        for login in ("li", "wang"):
            body = {"user_id": self.ids.users[login], "amount": 90_000}
            self.shared[f"top_up_of_{login}"] = self.does("admin", "POST", "/top-ups", json=body)["id"]
        self.shared["tag"] = self.does("admin", "POST", "/review-tags", json={"name": "patient"})["id"]
        self.shared |= {
            "department": self.ids.department, "specialty": self.ids.specialty, "location": self.ids.location,
            "doctor": self.ids.doctors["zhang"], "doctor_chen": self.ids.doctors["chen"],
            "doctor_user": self.ids.users["zhang"], "chen_user": self.ids.users["chen"],
            "zhao_user": self.ids.users["zhao"], "user": self.ids.users["li"],
        }  # fmt: skip

        self.bill(date(2029, 12, 30))

    def bill(self, day: date, lines: int = 2) -> None:
        """A channel's bill of payments that nobody here knows of."""
        house = self.people["admin"].house
        at, numbers = datetime(day.year, day.month, day.day, 3, tzinfo=UTC), range(lines)
        rows = [Line("payment", f"OTHER{day:%m%d}{n}", f"420000{n}", 100, "CNY", at, "SUCCESS", 1) for n in numbers]
        reconcile(house.db, "wechat", day, rows, self.clock())
        self.shared["bill_day"] = self.does("admin", "GET", f"/reconciliations?since={day}")["items"][-1]["id"]
        found = self.does("admin", "GET", f"/reconciliations/{self.shared['bill_day']}/lines")["items"]
        self.shared["bill_line"] = found[0]["id"]

    def _describe(self, login: str, side: str, person: str) -> None:
        profile = self.people[login].profiles[person]
        read = self.does(login, "GET", f"/family/{profile}")
        body = {
            "name": read["name"], "relationship": read["relationship"],
            "phone": read["phone"], "medical_history": CLINICAL[side][4],
            "allergies": CLINICAL[side][4],
        }  # fmt: skip
        self.does(login, "PUT", f"/family/{profile}", json=body)
        self.sides[side].names["person"] = profile

    def _past(self, login: str, side: str, person: str, doctor: str, at: datetime) -> None:
        """A visit from its booking to its record."""
        self.clock.set(START)
        made = self._booked(login, person, doctor, at, CLINICAL[side][0])
        self.does(login, "POST", f"/appointments/{made['id']}/pay", json={"method": "balance"})
        self.clock.set(at)
        room = self._begun(login, doctor, made["id"])
        complaint, diagnosis, plan, note, *_ = CLINICAL[side]
        record = {"chief_complaint": complaint, "diagnosis": diagnosis, "treatment_plan": plan, "notes": note}
        self.clock.advance(minutes=10)
        ended = self.does(doctor, "POST", f"/consultations/{room}/end", json=record)
        assert ended["status"] == "completed"
        self.sides[side].names |= {"visit": made["id"], "room": room, "order": made["order_id"]}
        self._afterwards(login, side, doctor, made["id"])

    def _afterwards(self, login: str, side: str, doctor: str, visit: str) -> None:
        """A prescription, another one that is not signed yet, and what the patient says of the visit."""
        names, medicine = self.sides[side].names, CLINICAL[side][5]
        herb = {"name": "陈皮", "dosage": "6 g", "frequency": "twice a day", "duration_days": 7, "notes": medicine}
        content = {"appointment_id": visit, "diagnosis": CLINICAL[side][1], "medicines": [herb], "facts": ASKED}
        one = self.does(doctor, "POST", "/prescriptions", json=content)
        self.people[doctor].confirm()
        read = {each["key"]: "read and weighed" for each in one["findings"]}  # her allergies are words nobody knows
        self.does(doctor, "POST", f"/prescriptions/{one['id']}/sign", json={"version": 1, "answers": read})
        history = self.does(doctor, "GET", f"/prescriptions/{one['id']}/history")
        names["evaluation"] = history["evaluations"][-1]["id"]
        names |= {"prescription": one["id"], "draft": self.does(doctor, "POST", "/prescriptions", json=content)["id"]}
        template = {"name": "Warming", "diagnosis": "cold", "medicines": [{"name": "Ginger"}]}
        names["template"] = self.does(doctor, "POST", "/prescription-templates", json=template)["id"]
        phrase = {"category": "advice", "content": "Rest"}
        names["herb"] = "gancao"
        self.does("admin", "PUT", "/medicine-prices/gancao", json={"amount": 150})
        names["phrase"] = self.does(doctor, "POST", "/phrases", json=phrase)["id"]
        review = {"rating": 5, "comment": "Listens.", "is_anonymous": True}
        names["review"] = self.does(login, "POST", f"/appointments/{visit}/review", json=review)["id"]

    def _today(self) -> None:
        """The mother's visit is going on; Li's own begins next, and she waits for it."""
        for side, person, at in (("mother", "mother", 120), ("own", "self", 150)):
            self.clock.set(START)
            made = self._booked("li", person, "zhang", START + timedelta(minutes=at), CLINICAL[side][0])
            self.does("li", "POST", f"/appointments/{made['id']}/pay", json={"method": "balance"})
            self.sides[side].names["today"] = made["id"]
        self.clock.set(START + timedelta(minutes=121))
        self.sides["mother"].names["live"] = self._begun("li", "zhang", self.sides["mother"].today)
        waiting = self.does("li", "POST", f"/consultations/{self.sides['own'].today}/enter")
        self.sides["own"].names["live"] = waiting["id"]

    def _coming(self, day: int = 2) -> None:
        """Of a later day: paid, owed in cash after a refund, and just held."""
        self.clock.set(START + timedelta(minutes=160 if day == 2 else 330))
        for side, login, person, doctor, hour in (
            ("own", "li", "self", "zhang", 1), ("mother", "li", "mother", "zhang", 3),
            ("wang", "wang", "self", "chen", 1),
        ):  # fmt: skip
            names = self.sides[side].names
            tomorrow = datetime(2030, 1, day, hour, tzinfo=UTC)
            paid = self._booked(login, person, doctor, tomorrow, CLINICAL[side][0])
            self.does(login, "POST", f"/appointments/{paid['id']}/pay", json={"method": "balance"})
            held = self._booked(login, person, doctor, tomorrow + timedelta(hours=1), CLINICAL[side][0])
            names |= {"coming": paid["id"], "held": held["id"], "open_order": held["order_id"]}
            names["held_slot"] = self.slot_of[held["id"]]
            self._refunded(login, person, doctor, tomorrow + timedelta(hours=5), names)
        self.shared["gateway"] = "wechat"
        self.shared["slot"] = self._free("zhang", datetime(2030, 1, 9, 1, tzinfo=UTC))["id"]

    def _refunded(self, login: str, person: str, doctor: str, at: datetime, names: dict[str, str]) -> None:
        made = self._booked(login, person, doctor, at, "")
        order = f"/orders/{made['order_id']}"
        self.does("admin", "POST", f"{order}/payments", json={"method": "cash"})
        self.does(login, "POST", f"/appointments/{made['id']}/cancel", json={"reason": "travelling"})
        names |= {"cash_order": made["order_id"]}
        names["refund"] = next(iter(self.does("admin", "GET", order)["refunds"]))["id"]
        insured = self._booked(login, person, doctor, at, "")  # the time is free again
        self.does(login, "POST", f"/appointments/{insured['id']}/pay", json={"method": "desk"})
        claim = {"insurer": "PICC", "holder": "Holder", "policy_no": "P-1234567"}
        names["claim"] = self.does("admin", "POST", f"/orders/{insured['order_id']}/claims", json=claim)["id"]
        asked = {"reason": "it took too long", "amount": 100}
        made = self.does(login, "POST", f"/orders/{names['order']}/refund-requests", json=asked)
        names["asked"] = made["refunds"][-1]["id"]

    def _account(self, login: str, names: dict[str, str]) -> None:
        given = self.does(login, "POST", "/tokens", json={"name": "A program", "password": PASSWORD})
        names |= {"token": given["id"], "top_up": self.shared[f"top_up_of_{login}"]}
        names["session"] = self.does(login, "GET", "/sessions")[0]["id"]
        held = self.does(
            "admin", "POST", f"/wallets/{self.ids.users[login]}/holds", json={"amount": 1, "reason": "A monitor"}
        )
        names["hold"] = held["id"]
        names["journal"] = self.does("admin", "GET", "/ledger/journals")["items"][0]["id"]
        names["note"] = self.does(login, "GET", "/notifications")["items"][0]["id"]
        relations = self.does(login, "GET", f"/people/{names['person']}/care-relations")
        names["relation"] = relations[0]["id"]

    def _gateways(self) -> None:
        """Something was asked of a gateway, something was reported, something did not fit."""
        admin, now = self.people["admin"], self.clock()
        asked = GatewayExchange(id=new_id(), created_at=now, gateway="card", method="GET", path="/v1/x", host="h",
                                http_status=200, sent={}, received={})  # fmt: skip
        told = GatewayReport(id=new_id(), created_at=now, gateway="card", event_id="evt_1", event_type="x",
                             kind="other", digest="0" * 64, content={}, deliveries=1)  # fmt: skip
        strange = Anomaly(id=new_id(), created_at=now, once="scene", kind="forged", gateway="card", facts={})
        self.shared |= {"gateway": "card", "exchange": asked.id, "report": told.id, "anomaly": strange.id}
        admin.house.db.write(lambda tx: tx.add_all([asked, told, strange]))

    # -- and how

    def does(self, login: str, method: str, path: str, **options: Any) -> Any:
        answer = self.people[login](method, "/api/v1" + path, **options)
        assert answer.status_code < 300, f"{login} {method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def _booked(self, login: str, person: str, doctor: str, at: datetime, symptoms: str) -> Any:
        profile = self.people[login].profiles[person]
        slot = self._free(doctor, at)
        body = {"slot_id": slot["id"], "patient_profile_id": profile, "symptoms": symptoms}
        made = self.does(login, "POST", "/appointments", json=body)
        self.slot_of[made["id"]] = slot["id"]
        return made

    def _free(self, doctor: str, at: datetime) -> Any:
        week = f"/doctors/{self.ids.doctors[doctor]}/free-slots?day={at:%Y-%m-%d}&zone=UTC"
        return next(one for one in self.does("guest", "GET", week)["slots"] if one["starts_at"] == f"{at:%FT%TZ}")

    def _begun(self, login: str, doctor: str, appointment: str) -> str:
        room = self.does(login, "POST", f"/consultations/{appointment}/enter")["id"]
        self.does(doctor, "POST", f"/consultations/{room}/admit")
        return str(room)
