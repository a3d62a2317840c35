from suwen.core.errors import Conflict, Invalid


class AlreadyADoctor(Conflict):
    code, title = "already_a_doctor", "This account is a doctor already."


class NotADoctorsAccount(Invalid):
    code, title = "not_a_doctors_account", "Only an account with the role doctor can have a doctor's page."


class LicenceMissing(Invalid):
    code = "licence_missing"
    title = "A doctor can be approved only with a licence number, who issued it, and a date that is not past."


class AlreadyDecided(Conflict):
    code, title = "already_decided", "Somebody has decided this meanwhile. Look again."


class PapersAreFixed(Conflict):
    code = "papers_are_fixed"
    title = "These papers have been checked. Ask an administrator of the clinic to change them."


class NoDoctorsPage(Conflict):
    code, title = "no_doctors_page", "The clinic has not made your page yet. Please ask an administrator."
