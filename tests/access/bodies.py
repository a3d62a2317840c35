"""What is sent along: a body that would be accepted, so that only being let in or not is decided by who sends it.

Where nothing is said, nothing is sent: enough for rows that turn on the role alone. In braces: ids of the scene.
"""

from typing import Any

from tests.support.cast import PASSWORD

NEW = "another horse battery staple"
PERSON = {"name": "Somebody", "relationship": "family", "gender": "female", "birthday": "1985-03-12"}
HOURS = {"first_day": "2030-02-01", "opens": "18:00", "closes": "19:00", "recurrence": "DAILY", "zone": "Asia/Shanghai"}
BLOCK = {"kind": "block", "starts": "2030-01-09T09:00", "ends": "2030-01-09T10:00", "zone": "Asia/Shanghai"}
RECORD = {"chief_complaint": "c", "diagnosis": "d", "treatment_plan": "p", "notes": "n"}
DOCTOR = {"certificate_type": "id_card", "hospital": "Suwen Clinic", "title": "Physician"}
PRICE = {"service_type": "other_thing", "service_name": "Other", "price": 1000}
RESET = {"login": "nobody", "code": "000000", "ticket": "x", "password": NEW}
ABOUT = {"name": "Somebody", "locale": "en"}
WAYS = {"account": "somebody", "password": PASSWORD}
CODE = {"password": PASSWORD, "code": "000000"}
CARE = {"profile_id": "{person}", "staff_user_id": "{chen_user}", "reason": "second opinion"}
PLACE = {"name": "Another place", "timezone": "Asia/Shanghai"}
HERB = {"name": "Ginger", "dosage": "6 g", "frequency": "twice a day", "duration_days": 7}
CONTENT = {"diagnosis": "d", "medicines": [HERB], "instructions": "warm"}
EDITOR = {"diagnosis": "d", "instructions": "warm", "medicines.0.name": "Ginger", "medicines.0.dosage": "6 g"}
TEMPLATE = {"name": "Warming", "diagnosis": "d", "medicines": [HERB]}
PHRASE = {"category": "advice", "content": "Rest"}
SIGNED = {"version": 1}
CHECKS = dict.fromkeys(("skin_test", "diagnosis", "dosage", "form_route", "duplicate", "interactions", "other"), "fine")
REVIEWED = {"version": 2, "verdict": "accepted", "checks": CHECKS}
VOID = {"reason": "a mistake"}
STARS = {"rating": 5, "comment": "kind"}
TAG = {"name": "unhurried", "category": "positive"}
BILL = {"gateway": "wechat", "day": "2029-12-31"}
CLAIM = {"insurer": "PICC", "holder": "Li Na", "policy_no": "P-1234567"}
ENTRY = {"code": "NEW1", "name": "New one"}

BODIES: dict[str, dict[str, Any]] = {
    "POST /api/v1/users": {"name": "New", "account": "newcomer", "password": NEW},
    "POST /api/v1/sessions": {"login": "li", "password": PASSWORD},
    "POST /api/v1/password-resets": {"login": "nobody"},
    "PUT /api/v1/password-resets": RESET,
    "PUT /api/v1/me": ABOUT,
    "PUT /api/v1/me/ways-in": WAYS,
    "PUT /api/v1/me/password": {"password": PASSWORD, "new_password": NEW},
    "POST /api/v1/me/second-factor": {"password": PASSWORD},
    "PUT /api/v1/me/second-factor": {"code": "000000"},
    "POST /api/v1/me/recovery-codes": {"password": PASSWORD},
    "POST /api/v1/me/confirmation": {"password": PASSWORD},
    "POST /api/v1/me/second-factor/removal": CODE,
    "POST /api/v1/tokens": {"name": "Another", "password": PASSWORD},
    "POST /api/v1/family": PERSON,
    "PUT /api/v1/family/{id}": PERSON,
    "POST /api/v1/care-relations": CARE,
    "POST /api/v1/users/invitations": {"name": "New doctor", "role": "doctor", "account": "newdoctor"},
    "PUT /api/v1/users/{id}": {"name": "Li", "account": "li-na"},
    "PUT /api/v1/users/{id}/status": {"status": "suspended"},
    "POST /api/v1/users/{id}/family": PERSON,
    "POST /sign-in": {"login": "li", "password": PASSWORD},
    "POST /sign-in/code": {"code": "000000"},
    "POST /register": {"name": "New", "account": "newcomer", "password": NEW},
    "POST /reset": {"login": "nobody"},
    "POST /reset/code": RESET,
    "POST /account/about": ABOUT,
    "POST /account/ways-in": WAYS,
    "POST /account/password": {"password": PASSWORD, "new_password": NEW},
    "POST /account/second-factor": {"code": "000000"},
    "POST /account/second-factor/begin": {"password": PASSWORD},
    "POST /account/second-factor/off": CODE,
    "POST /account/recovery-codes": {"password": PASSWORD},
    "POST /account/tokens": {"name": "Another", "password": PASSWORD},
    "POST /family/new": PERSON,
    "POST /family/{id}": PERSON,
    "POST /admin/people/new": {"name": "New doctor", "role": "doctor", "account": "newdoctor"},
    "POST /admin/people/{id}/care": CARE,
    "POST /admin/people/{id}/edit": {"name": "Li", "account": "li-na"},
    "POST /admin/people/{id}/family/new": PERSON,
    "POST /admin/people/{id}/status": {"status": "suspended"},
    "POST /api/v1/departments": ENTRY,
    "PUT /api/v1/departments/{id}": ENTRY,
    "POST /api/v1/specialties": ENTRY,
    "PUT /api/v1/specialties/{id}": ENTRY,
    "POST /api/v1/locations": PLACE,
    "PUT /api/v1/locations/{id}": PLACE,
    "POST /api/v1/admin/doctors": DOCTOR | {"user_id": "{doctor_user}"},
    "PUT /api/v1/admin/doctors/{id}": DOCTOR,
    "POST /api/v1/admin/doctors/{id}/approve": {"version": 1},
    "POST /api/v1/admin/doctors/{id}/reject": {"version": 1, "reason": "unreadable"},
    "PUT /api/v1/me/doctor": {"introduction": "Me"},
    "PUT /api/v1/me/doctor/papers": {"license_number": "1"},
    "POST /doctor/profile": {"introduction": "Me"},
    "POST /doctor/papers": {"license_number": "1"},
    "POST /admin/departments": ENTRY,
    "POST /admin/departments/{id}": ENTRY,
    "POST /admin/specialties": ENTRY,
    "POST /admin/specialties/{id}": ENTRY,
    "POST /admin/locations": PLACE,
    "POST /admin/locations/{id}": PLACE,
    "POST /admin/doctors/new": DOCTOR | {"user_id": "{doctor_user}"},
    "POST /admin/doctors/{id}/edit": DOCTOR,
    "POST /admin/doctors/{id}/approve": {"version": 1},
    "POST /admin/doctors/{id}/reject": {"version": 1, "reason": "unreadable"},
    "PUT /api/v1/notifications/settings": {"items": [{"type": "system", "enabled": True}]},
    "POST /api/v1/prices": PRICE,
    "PUT /api/v1/prices/{id}": PRICE,
    "POST /api/v1/orders/{id}/attempts": {"gateway": "wechat", "scene": "qr"},
    "PUT /api/v1/payment-gateways/{gateway}/settings": {"values": {"base": "nowhere"}},
    "PUT /api/v1/payment-gateways/{gateway}/offers": {"enabled": True, "scenes": ["qr"]},
    "POST /api/v1/payment-anomalies/{id}/resolution": {"resolution": "nothing_to_do"},
    "POST /admin/payments/gateways/{gateway}": {"base": "nowhere"},
    "POST /admin/payments/gateways/{gateway}/offers": {"enabled": "on", "scenes": "qr"},
    "POST /admin/payments/anomalies/{id}": {"resolution": "nothing_to_do"},
    "POST /api/v1/orders/{id}/payments": {"method": "balance"},
    "POST /api/v1/orders/{id}/payments of admin": {"method": "cash"},
    "POST /api/v1/orders/{id}/refunds": {"reason": "kindness"},
    "POST /api/v1/top-ups": {"user_id": "{user}", "amount": 100},
    "POST /api/v1/wallets/{user_id}/holds": {"amount": 1, "reason": "A monitor"},
    "POST /api/v1/holds/{id}/capture": {"reason": "It is broken"},
    "POST /admin/deposits": {"amount": "0.01", "reason": "A monitor"},
    "POST /admin/deposits/{id}/capture": {"reason": "It is broken"},
    "POST /api/v1/orders/{id}/refund-requests": {"reason": "it did not work", "amount": 100},
    "POST /api/v1/refunds/{id}/approval": {"note": "fine"},
    "POST /api/v1/refunds/{id}/rejection": {"note": "the visit took place"},
    "POST /api/v1/refunds/{id}/by-hand": {"how": "bank", "note": "transfer 1"},
    "POST /api/v1/orders/{id}/claims": CLAIM,
    "POST /admin/orders/{id}/claim": CLAIM,
    "POST /api/v1/claims/{id}/approval": {"insurer_reference": "A1"},
    "POST /api/v1/claims/{id}/rejection": {"note": "not covered"},
    "POST /api/v1/claims/{id}/withdrawal": {"note": "pays herself"},
    "POST /admin/claims/{id}/approve": {"insurer_reference": "A1"},
    "POST /admin/claims/{id}/reject": {"note": "not covered"},
    "POST /admin/claims/{id}/withdraw": {"note": "pays herself"},
    "POST /orders/{id}/refund-request": {"reason": "it did not work", "amount": "1.00", "reason_code": "other"},
    "POST /admin/refunds/{id}/approve": {"note": "fine"},
    "POST /admin/refunds/{id}/reject": {"note": "the visit took place"},
    "POST /admin/refunds/{id}/by-hand": {"how": "bank", "note": "transfer 1"},
    "POST /api/v1/reconciliations": BILL,
    "POST /api/v1/reconciliation-lines/{id}/resolution": {"kind": "suspense", "note": "not ours"},
    "POST /admin/reconciliation/run": BILL,
    "POST /admin/reconciliation/lines/{id}": {"kind": "suspense", "note": "not ours"},
    "POST /orders/{id}/pay": {"method": "balance"},
    "POST /orders/{id}/attempts": {"gateway": "wechat", "scene": "qr"},
    "POST /wallet/top-up": {"preset": "100.00"},
    "POST /admin/prices": PRICE | {"price": "10.00"},
    "POST /admin/prices/{id}": PRICE | {"price": "10.00"},
    "POST /admin/orders/{id}/refund": {"reason": "kindness"},
    "POST /admin/top-up": {"amount": "10.00"},
    "POST /api/v1/doctors/{id}/hours": HOURS,
    "POST /api/v1/doctors/{id}/hours/preview": HOURS,
    "POST /api/v1/doctors/{id}/exceptions": BLOCK,
    "PUT /api/v1/hours/{id}": HOURS | {"version": 1},
    "POST /api/v1/appointments": {"slot_id": "{slot}"},
    "PATCH /api/v1/appointments/{id}": {"symptoms": "better"},
    "POST /api/v1/appointments/{id}/pay": {"method": "desk"},
    "POST /api/v1/appointments/{id}/cancel": {"reason": "ill"},
    "POST /api/v1/appointments/{id}/late": {"late_note": "bus"},
    "POST /api/v1/appointments/{id}/reschedule": {"slot_id": "{slot}"},
    "POST /api/v1/walk-ins": {"patient_profile_id": "{person}"},
    "POST /book/{slot_id}": {"symptoms": "tired"},
    "POST /book/{slot_id}/pay": {"method": "balance"},
    "POST /appointments/{id}/cancel": {"reason": "ill"},
    "POST /appointments/{id}/late": {"late_note": "bus"},
    "POST /appointments/{id}/pay": {"method": "desk"},
    "POST /appointments/{id}/reschedule": {"slot_id": "{slot}"},
    "POST /doctor/availability": HOURS,
    "POST /doctor/exceptions": BLOCK,
    "POST /doctor/availability/{id}": HOURS | {"version": 1},
    "POST /admin/walk-in": {"patient_profile_id": "{person}"},
    "POST /api/v1/consultations": {"appointment_id": "{today}"},
    "POST /api/v1/consultations/{id}/late": {"minutes": 5},
    "PUT /api/v1/consultations/{id}/notes": RECORD | {"version": 1},
    "POST /api/v1/consultations/{id}/end": RECORD,
    "POST /api/v1/consultations/{id}/rating": {"rating": 5},
    "POST /visit/{id}/late": {"minutes": 5},
    "POST /visit/{id}/rating": {"rating": 5},
    "POST /consultations/{id}/notes": RECORD | {"version": 1},
    "POST /consultations/{id}/notes/autosave": RECORD | {"version": 1},
    "POST /consultations/{id}/end": RECORD,
    "POST /api/v1/prescriptions": CONTENT | {"appointment_id": "{visit}"},
    "PUT /api/v1/prescriptions/{id}": CONTENT | {"version": 1},
    "POST /api/v1/prescriptions/{id}/sign": SIGNED,
    "POST /api/v1/prescriptions/checks": CONTENT | {"appointment_id": "{visit}"},
    "POST /api/v1/prescriptions/{id}/review": REVIEWED,
    "POST /api/v1/prescriptions/{id}/dispensings": {"version": 2},
    "POST /api/v1/prescriptions/{id}/extension": {"days": 1},
    "POST /api/v1/prescriptions/{id}/void": VOID,
    "POST /prescriptions/desk/{appointment_id}": EDITOR,
    "POST /prescriptions/desk/{appointment_id}/{one}": EDITOR | {"version": 1},
    "POST /prescriptions/desk/{appointment_id}/{one}/sign": SIGNED,
    "POST /prescriptions/{id}/void": VOID,
    "POST /pharmacy/review/{id}": {"version": 2, "verdict": "returned", "reason": "the dose"},
    "POST /pharmacy/dispense": {"code": "RX3001010010000001"},
    "POST /pharmacy/dispense/{id}": {"version": 2},
    "POST /api/v1/prescriptions/verify": {"code": "RX3001010010000001", "holder": "ABCD-2345"},
    "POST /verify": {"number": "RX3001010010000001", "holder": "ABCD-2345"},
    "POST /api/v1/prescription-templates": TEMPLATE,
    "PUT /api/v1/prescription-templates/{id}": TEMPLATE,
    "POST /prescriptions/found": EDITOR,
    "POST /doctor/templates": EDITOR | {"name": "Warming"},
    "POST /doctor/templates/{id}": EDITOR | {"name": "Warming"},
    "POST /doctor/phrases": PHRASE,
    "POST /doctor/phrases/{id}": PHRASE,
    "PUT /api/v1/medicine-prices/{code}": {"amount": 120},
    "POST /admin/medicine-prices": {"code": "gancao", "amount": "1.20"},
    "POST /api/v1/phrases": PHRASE,
    "PUT /api/v1/phrases/{id}": PHRASE,
    "POST /api/v1/review-tags": TAG,
    "PUT /api/v1/review-tags/{id}": TAG,
    "POST /api/v1/appointments/{id}/review": STARS,
    "PUT /api/v1/reviews/{id}": STARS,
    "PUT /api/v1/reviews/{id}/reply": {"text": "Thank you"},
    "POST /api/v1/reviews/{id}/hide": VOID,
    "POST /appointments/{id}/review": STARS,
    "POST /doctor/reviews/{id}": {"text": "Thank you"},
    "POST /admin/review-tags": TAG,
    "POST /admin/review-tags/{id}": TAG,
    "POST /admin/reviews/{id}/hide": VOID,
}

# What a query must name; the same for a form whose page is about one doctor.
QUERIES: dict[str, dict[str, str]] = {
    "GET /language": {"to": "en"},
    "GET /theme": {"to": "dark"},
    "GET /api/v1/doctors/{id}/calendar": {"first": "2030-01-01"},
    "GET /doctor/calendar": {"doctor_id": "{doctor}"},
    "GET /doctor/availability": {"doctor_id": "{doctor}"},
    "GET /doctor/availability/preview": {"doctor_id": "{doctor}"} | HOURS,
    "POST /doctor/availability": {"doctor_id": "{doctor}"},
    "POST /doctor/exceptions": {"doctor_id": "{doctor}"},
    "GET /admin/top-up": {"user_id": "{user}"},
    "POST /admin/top-up": {"user_id": "{user}"},
    "POST /admin/deposits": {"user": "{user}"},
    "GET /prescriptions/new": {"appointment": "{visit}"},
    "GET /prescriptions/offers": {"appointment": "{visit}"},
    "GET /prescriptions/found": {"appointment": "{visit}"},
    "POST /prescriptions/found": {"appointment": "{visit}"},
    "GET /admin/audit": {"person": "{person}"},
}

# Refusals that are an answer about what was sent, not about who sent it: wrong codes and passwords.
ANSWERS = {
    "GET /orders/{id}/code": {409},  # there is a square to scan while an attempt lives
    "POST /api/v1/sessions": {401},
    "POST /sign-in": {401},
    "POST /sign-in/code": {401, 303},
    "POST /api/v1/prescriptions/verify": {404},  # a wrong number looks like a wrong holder's code
    "POST /verify": {404},
    "POST /pharmacy/dispense": {404},
}
