"""What comes in and what goes out. One input serves the JSON body and the form."""

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import Meta

from suwen.core.schemas import Input, Version, View

Text100 = Annotated[str, Meta(min_length=1, max_length=100)]
Name = Annotated[str, Meta(min_length=1, max_length=100, examples=["王小明"])]
Phone = Annotated[str, Meta(max_length=300, examples=["13900139000"], description="Kept as E.164, +8613900139000")]
Email = Annotated[str, Meta(max_length=300, examples=["xiaoming@example.org"])]
AccountName = Annotated[
    str, Meta(max_length=300, examples=["xiaoming"], description="3 to 100 letters or digits, at least one letter")
]
Login = Annotated[str, Meta(max_length=300, examples=["xiaoming@example.org"], description="Account, e-mail or phone")]
# Longer is no password; what fits is the rule's to say.
Secret = Annotated[str, Meta(max_length=1000, examples=["seven lanterns over water"])]
Digits = Annotated[str, Meta(max_length=40, examples=["492039"])]
Wide = Annotated[str, Meta(max_length=300)]
# 男 and 女 come in as well; what is stored and answered is English.
Gender = Literal["male", "female", "other", "男", "女"]
SPELLINGS: dict[Gender | None, Gender] = {"男": "male", "女": "female"}
RoleName = Literal["admin", "doctor", "patient", "pharmacist"]
Relationship = Literal["self", "spouse", "child", "parent", "family", "friend", "other"]
Status = Literal["active", "inactive", "suspended"]


class Registration(Input):
    """A new patient: one way in at least (phone, e-mail, account), a name and a password."""

    name: Name
    password: Secret
    phone: Phone | None = None
    email: Email | None = None
    account: AccountName | None = None


class Credentials(Input):
    """`login` is the account name, the e-mail address or the phone number; `code` the second step, where set up."""

    login: Login
    password: Secret
    code: Digits | None = None


class SignInForm(Input):
    login: Login
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


class Sexed(Input, kw_only=True):
    """Whoever sends a person's sex may write it in either language."""

    gender: Gender | None = None

    def __post_init__(self) -> None:
        self.gender = SPELLINGS.get(self.gender, self.gender)


class PersonInput(Sexed):
    """A person this account looks after.

    On a change, an `id_number` that is left out stays as it is; the rest is replaced.
    Birth date and sex are read from the resident ID where they are left out, and must agree with it where not.
    """

    name: Name
    relationship: Relationship = "family"
    birthday: date | None = None
    phone: Phone | None = None
    id_number: Annotated[str, Meta(max_length=40, examples=["440106195804120429"])] | None = None
    medical_history: Annotated[str, Meta(max_length=5000)] | None = None
    allergies: Annotated[str, Meta(max_length=2000)] | None = None
    is_default: bool = False
    version: Version | None = None


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


class AboutMe(Sexed):
    """What people read of one; for a patient it is also said of the own entry in the family."""

    name: Name
    birthday: date | None = None
    locale: Literal["zh-CN", "en"] = "zh-CN"
    zone: Annotated[str, Meta(max_length=50)] = "Asia/Shanghai"


class WaysIn(Input):
    """How one signs in and is reached. Whoever holds these holds the account, so the password is asked for."""

    account: AccountName
    password: Secret
    phone: Phone | None = None
    email: Email | None = None


class PasswordChange(Input):
    password: Secret
    new_password: Secret


class Proof(Input):
    """The password, or a code of the second sign-in step."""

    password: Secret | None = None
    code: Annotated[str, Meta(max_length=20)] | None = None


class Proven(View):
    """Until when what binds may be done without being asked again."""

    confirmed_until: datetime


class PasswordProof(Input):
    """`password` may be left out within five minutes of signing in."""

    password: Secret | None = None


class ResetRequest(Input):
    login: Login


class ResetTicket(View):
    """`ticket` belongs to whoever asked; the code that was sent works only together with it."""

    ticket: str
    minutes: int


class Reset(Input):
    """`ticket` is not needed with a code that the clinic gave in person."""

    login: Login
    code: Digits
    password: Secret
    ticket: Wide | None = None


class CodeInput(Input):
    code: Digits


class EnrolmentView(View):
    """`uri` is for a QR code."""

    secret: str
    uri: str


class Confirmed(View):
    """The codes are shown this once. `token` replaces the one that asked."""

    recovery_codes: list[str]
    token: str | None = None
    expires_at: datetime | None = None


class SwitchOff(Input):
    password: Secret
    code: Digits


class TokenInput(Input):
    name: Text100
    password: Secret
    days: Annotated[int, Meta(ge=1, le=366)] = 90


class TokenView(View):
    id: str
    name: str
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None


class NewToken(TokenView):
    """`token` is shown this once."""

    token: str


class PeopleFilter(Input):
    q: str | None = None
    role: RoleName | None = None
    status: Status | None = None
    deleted: bool = False


class StaffMade(Sexed):
    """An account made by staff, of any role."""

    name: Name
    role: RoleName = "patient"
    phone: Phone | None = None
    email: Email | None = None
    account: AccountName | None = None
    birthday: date | None = None
    locale: Literal["zh-CN", "en"] = "zh-CN"


class AccountEdit(Sexed):
    """`version` as it was read: Conflict where somebody else was quicker."""

    name: Name
    account: AccountName
    phone: Phone | None = None
    email: Email | None = None
    birthday: date | None = None
    locale: Literal["zh-CN", "en"] = "zh-CN"
    version: Version | None = None


class StatusChange(Input):
    status: Status


class GivenCode(View):
    """Shown once, to be handed over. The person goes to /reset/code with it."""

    code: str
    expires_at: datetime


class Invited(View):
    user: Account
    code: str
    expires_at: datetime


class AccountRow(View):
    id: str
    account: str
    name: str
    role: str
    status: str
    is_deleted: bool
    gender: str | None
    phone: str | None
    email: str | None
    created_at: datetime
    last_login_at: datetime | None


class AccountDetail(AccountRow):
    birthday: date | None
    locale: str
    zone: str
    version: int
    locked_until: datetime | None
    deleted_at: datetime | None
    second_factor: bool
    sessions: int


class CareInput(Input):
    """Let a doctor or pharmacist see a person's record. Without `until`: for thirty days."""

    profile_id: str
    staff_user_id: str
    reason: Annotated[str, Meta(min_length=1, max_length=255)]
    until: datetime | None = None


class CareView(View):
    id: str
    profile_id: str
    staff_user_id: str
    staff_name: str
    staff_role: str
    appointment_id: str | None
    reason: str
    since: datetime
    until: datetime | None
