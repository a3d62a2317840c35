"""What comes in and what goes out. One input serves the JSON body and the form."""

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import Meta

from suwen.core.schemas import Input, View

Text100 = Annotated[str, Meta(min_length=1, max_length=100)]
Wide = Annotated[str, Meta(max_length=300)]
Secret = Annotated[str, Meta(max_length=1000)]  # longer is no password; what fits is the rule's to say
Digits = Annotated[str, Meta(max_length=40)]
Gender = Literal["male", "female", "other"]
RoleName = Literal["admin", "doctor", "patient", "pharmacist"]
Relationship = Literal["self", "spouse", "child", "parent", "family", "friend", "other"]
Status = Literal["active", "inactive", "suspended"]


class Registration(Input):
    """A new patient: one way in at least (phone, e-mail, account), a name and a password."""

    name: Text100
    password: Secret
    phone: Wide | None = None
    email: Wide | None = None
    account: Wide | None = None


class Credentials(Input):
    """`login` is the account name, the e-mail address or the phone number; `code` the second step, where set up."""

    login: Wide
    password: Secret
    code: Digits | None = None


class SignInForm(Input):
    login: Wide
    password: Secret
    next: str = "/"


class CodeForm(Input):
    code: Digits
    next: str = "/"


class Account(View):
    id: str
    account: str
    name: str
    role: str
    status: str
    phone: str | None
    email: str | None
    locale: str
    zone: str
    created_at: datetime


class Me(View):
    """`strong`: this session passed the second step. `second_factor`: it is set up."""

    id: str
    account: str
    name: str
    first_name: str
    last_name: str
    role: str
    phone: str | None
    email: str | None
    gender: str | None
    birthday: date | None
    locale: str
    zone: str
    doctor_id: str | None
    session_id: str
    strong: bool
    second_factor: bool
    second_factor_required: bool


class SignedIn(View):
    """`token` goes into `Authorization: Bearer`. `second_factor_needed`: enrol first, most is still closed."""

    id: str
    token: str
    expires_at: datetime
    user_id: str
    role: str
    second_factor_needed: bool


class SessionView(View):
    id: str
    kind: str
    current: bool
    strong: bool
    ip: str | None
    user_agent: str | None
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime


class PersonInput(Input):
    """A person this account looks after.

    On a change, an `id_number` that is left out stays as it is; the rest is replaced.
    Birth date and sex are read from the resident ID where they are left out, and must agree with it where not.
    """

    name: Text100
    relationship: Relationship = "family"
    gender: Gender | None = None
    birthday: date | None = None
    phone: Wide | None = None
    id_number: Annotated[str, Meta(max_length=40)] | None = None
    medical_history: Annotated[str, Meta(max_length=5000)] | None = None
    allergies: Annotated[str, Meta(max_length=2000)] | None = None
    is_default: bool = False
    version: int | None = None


class Person(View):
    """`id_number` is masked."""

    id: str
    name: str
    first_name: str
    last_name: str
    relationship: str
    gender: str | None
    birthday: date | None
    phone: str | None
    id_number: str | None
    is_default: bool
    version: int


class PersonDetail(Person):
    medical_history: str | None
    allergies: str | None


class Clinical(View):
    """What is known of a person's past; every look at it is in the audit trail."""

    medical_history: str | None
    allergies: str | None
