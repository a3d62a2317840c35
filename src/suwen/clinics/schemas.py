"""What comes in about doctors and places, and what is shown to whom."""

from datetime import date, datetime
from typing import Annotated, Literal

import msgspec

from suwen.core import money
from suwen.core.errors import Invalid
from suwen.core.schemas import Input, Version, View

Short = Annotated[str, msgspec.Meta(min_length=1, max_length=50)]
Line = Annotated[str, msgspec.Meta(max_length=200)]
Prose = Annotated[str, msgspec.Meta(max_length=5000)]
Words = Annotated[list[Annotated[str, msgspec.Meta(max_length=700)]], msgspec.Meta(max_length=20)]
Url = Annotated[str, msgspec.Meta(max_length=500)]
Years = Annotated[int, msgspec.Meta(ge=0, le=80)]
Fee = Annotated[int, msgspec.Meta(ge=0, le=99_999_999)]
Status = Literal["pending", "approved", "rejected"]


class Papers(Input):
    """The licence a doctor practises under. `license_photo` is the address of a picture of it, for admins only."""

    license_number: Annotated[str, msgspec.Meta(max_length=100)] | None = None
    license_authority: Line | None = None
    license_valid_until: date | None = None
    years_of_practice: Years | None = None
    license_photo: Url | None = None
    version: Version | None = None


class Profile(Input):
    """What doctors write about themselves. `languages` are codes such as zh or en; `version` is what was read."""

    introduction: Prose | None = None
    experience: Prose | None = None
    specialties: Words = msgspec.field(default_factory=list)
    languages: Words = msgspec.field(default_factory=list)
    photo: Url | None = None
    version: Version | None = None


class DoctorEntry(Papers, kw_only=True):
    """What an admin writes down about a doctor. `consultation_fee` (minor units), if given, is the price of a visit.

    When a doctor is changed, an `id_number` that is left out stays as it is; it is never shown again.
    """

    certificate_type: Short
    id_number: Annotated[str, msgspec.Meta(min_length=4, max_length=50)] | None = None
    hospital: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    department_id: str | None = None
    specialty_id: str | None = None
    introduction: Prose | None = None
    experience: Prose | None = None
    specialties: Words = msgspec.field(default_factory=list)
    languages: Words = msgspec.field(default_factory=list)
    photo: Url | None = None
    consultation_fee: Fee | None = None


class NewDoctor(DoctorEntry, kw_only=True):
    """`user_id` is an account with the role doctor."""

    user_id: str


class DoctorForm(DoctorEntry, kw_only=True):
    """The same as a form sends it: the fee as it is written."""

    consultation_fee: str | None = None  # type: ignore[assignment]
    user_id: str | None = None

    def entry(self) -> DoctorEntry:
        values = msgspec.structs.asdict(self)
        values.pop("user_id")
        try:
            fee = money.parse(values["consultation_fee"]) if values["consultation_fee"] else None
        except money.BadAmount:
            raise Invalid(fields={"consultation_fee": money.BadAmount.title}) from None
        return DoctorEntry(**(values | {"consultation_fee": fee}))


class Verdict(Input):
    """`version` is the one that was looked at: what was changed since is not approved unseen."""

    version: Version


class Rejection(Verdict, kw_only=True):
    reason: Annotated[str, msgspec.Meta(min_length=2, max_length=500)]


class DoctorCard(View):
    """A doctor as everybody may see one. `rating` is 0 where nobody has written a review yet."""

    id: str
    name: str
    title: str
    hospital: str
    department_id: str | None
    department: str | None
    specialty_id: str | None
    specialty: str | None
    introduction: str | None
    experience: str | None
    specialties: list[str]
    languages: list[str]
    photo: str | None
    years_of_practice: int | None
    rating: float
    attitude: float
    professionalism: float
    efficiency: float
    reviews: int


class DoctorFile(DoctorCard, kw_only=True):
    """What the doctor and the admins see besides. The number of the ID card is masked."""

    user_id: str
    account: str
    email: str | None
    phone: str | None
    certificate_type: str
    id_number: str | None
    license_number: str | None
    license_authority: str | None
    license_valid_until: date | None
    license_photo: str | None
    consultation_fee: int | None
    verification_status: str
    rejection_reason: str | None
    verified_at: datetime | None
    listed: bool
    is_deleted: bool
    created_at: datetime
    version: int


class DoctorLine(View):
    """A doctor in the admins' list."""

    id: str
    name: str
    account: str
    phone: str | None
    title: str
    hospital: str
    department: str | None
    license_number: str | None
    license_valid_until: date | None
    verification_status: str
    listed: bool
    is_deleted: bool
    created_at: datetime


class DoctorFilters(msgspec.Struct, kw_only=True, frozen=True):
    """`status` is pending, approved, rejected, expired (the licence has run out) or deleted; `q` part of a name,
    account, phone or licence number."""

    status: str | None = None
    department_id: str | None = None
    q: str | None = None


class LocationEntry(Input):
    """A place of the clinic. `timezone` is an IANA name; `version`, if given, must be the one that was read."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=150)]
    timezone: Short
    city: Annotated[str, msgspec.Meta(max_length=100)] | None = None
    address: Annotated[str, msgspec.Meta(max_length=300)] | None = None
    phone: Annotated[str, msgspec.Meta(max_length=30)] | None = None
    currency: Annotated[str, msgspec.Meta(max_length=10)] = "CNY"
    is_active: bool = True
    version: Version | None = None


class LocationView(View):
    id: str
    name: str
    city: str | None
    address: str | None
    timezone: str
    phone: str | None
    currency: str
    is_active: bool
    version: int
