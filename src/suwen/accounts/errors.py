"""What accounts refuse."""

from suwen.core.errors import Conflict, Forbidden, Invalid, Unauthorized


class WrongCredentials(Unauthorized):
    """The same words for an unknown account, a wrong password and a paused one: nobody learns who has an account."""

    code = "wrong_credentials"
    title = "The account or the password is not right. After several wrong tries, sign-in pauses for a few minutes."


class SecondFactorCodeNeeded(Unauthorized):
    code, title = "second_factor_code_needed", "Please also enter the six digits from your authenticator app."


class WrongSecondFactor(Unauthorized):
    code = "wrong_second_factor"
    title = "This code is not right, or it was used already. Wait for the next one and try again."


class AccountClosed(Forbidden):
    code, title = "account_closed", "This account is not open at the moment. Please call the clinic."


class AccountTaken(Conflict):
    code = "account_taken"
    title = "This cannot be used for a new account. If it is yours, sign in or set a new password."


class NotAnAccountName(Invalid):
    code, title = "bad_account", "An account name has 3 to 100 letters or digits, at least one letter, no spaces."


class BadPhone(Invalid):
    code, title = "bad_phone", "This is not a telephone number. With a country code it begins with +."


class BadEmail(Invalid):
    code, title = "bad_email", "This is not an e-mail address."


class WayInMissing(Invalid):
    code, title = "way_in_missing", "Give a phone number, an e-mail address or an account name."


class WeakPassword(Invalid):
    code, title = "weak_password", "This password is too easy to guess. A few words in a row are good."


class PasswordTooShort(WeakPassword):
    code, title = "password_too_short", "A password has at least 8 characters."


class PasswordTooLong(WeakPassword):
    code, title = "password_too_long", "A password has at most 128 characters."


class WrongPassword(Invalid):
    code, title = "wrong_password", "Your present password is not right."


class WrongCode(Invalid):
    """Unknown, used, expired, of another browser, tried too often: the same words for all."""

    code, title = "wrong_code", "This code is not right or no longer valid. You can ask for a new one."


class BadResidentId(Invalid):
    code, title = "bad_resident_id", "This is not a resident ID number. Please check each digit."


class ResidentIdBirthday(Invalid):
    code, title = "resident_id_birthday", "The date of birth is another one than in the resident ID."


class ResidentIdGender(Invalid):
    code, title = "resident_id_gender", "The sex is another one than in the resident ID."


class ProfileExists(Conflict):
    code, title = "profile_exists", "A person with this resident ID is already among yours."


class OneselfStays(Conflict):
    code, title = "oneself_stays", "Your own entry cannot be removed."


class OneselfOnce(Conflict):
    code, title = "oneself_once", "There is already an entry for yourself."


class TooManyProfiles(Conflict):
    code, title = "too_many_profiles", "No more people can be added to this account. Please call the clinic."


class SecondFactorInUse(Conflict):
    code, title = "second_factor_in_use", "The second sign-in step is already set up."


class SecondFactorMissing(Conflict):
    code, title = "second_factor_missing", "The second sign-in step is not set up. Begin again."


class SecondFactorRequired(Conflict):
    code, title = "second_factor_required", "Your role needs the second sign-in step; it cannot be switched off."


class TooManyTokens(Conflict):
    code, title = "too_many_tokens", "There are too many tokens. Revoke one first."


class NotYourself(Conflict):
    code, title = "not_yourself", "This cannot be done to your own account."


class ConfirmationNeeded(Forbidden):
    code, title = "confirmation_needed", "Please prove once more that it is you: this binds you."


class AutomationRefused(Forbidden):
    code, title = "automation_refused", "Only a person can do this, signed in as themselves; a program's token cannot."


class ProofMissing(Invalid):
    code, title = "proof_missing", "Enter your password, or a code from your authenticator app."
