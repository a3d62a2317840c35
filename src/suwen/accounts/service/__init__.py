"""What can be done with accounts. Other packages call what is named here."""

from suwen.accounts.service.care import end_care, may_see, relate_care, treats
from suwen.accounts.service.confirming import (
    confirm,
    confirmed_until,
    reauthenticate,
    refuse_automation,
    refuse_unconfirmed,
)
from suwen.accounts.service.entry import (
    confirm_password,
    enter_new,
    restart,
    second_step,
    sign_in,
    sign_in_page,
    sign_out,
)
from suwen.accounts.service.family import (
    add_person,
    change_person,
    clinical,
    desk_profile,
    ensure_self_profile,
    masked_id,
    own_profile,
    probably_same,
    probably_same_as,
    profile,
    profiles,
    profiles_of,
    remove_person,
)
from suwen.accounts.service.passwords import hashed
from suwen.accounts.service.registration import create_admin, create_user, password_for, register

__all__ = [
    "add_person",
    "change_person",
    "clinical",
    "confirm",
    "confirm_password",
    "confirmed_until",
    "create_admin",
    "create_user",
    "desk_profile",
    "end_care",
    "ensure_self_profile",
    "enter_new",
    "hashed",
    "masked_id",
    "may_see",
    "own_profile",
    "password_for",
    "probably_same",
    "probably_same_as",
    "profile",
    "profiles",
    "profiles_of",
    "reauthenticate",
    "refuse_automation",
    "refuse_unconfirmed",
    "register",
    "relate_care",
    "remove_person",
    "restart",
    "second_step",
    "sign_in",
    "sign_in_page",
    "sign_out",
    "treats",
]  # fmt: skip
