"""The nine tables of the smart-clinic schema, as views that can only be read

A report written against that schema runs on `smart_<table>`. One row of smart_patients is one
person, and every patient_id here is that person's id. What is frozen in this script stays as it is:
a later change of a view comes with its own copy.
"""

from alembic import op

from suwen.core import migrate

revision = "2026_11_22_90_views"
down_revision = "2026_11_22_09_notifications"
branch_labels = None
depends_on = None

# The account's own person; MIN because nothing but the service keeps it to one.
SELF = """(SELECT MIN(s.id) FROM patient_profiles s
    WHERE s.user_id = o.user_id AND s.relationship = 'self' AND s.is_deleted = 0)"""

# An e-mail address belongs to the account, hence to its own person only: it is unique in that schema.
PATIENTS = """
SELECT p.id AS id, p.id AS uuid, p.first_name AS first_name, p.last_name AS last_name,
  CASE WHEN p.relationship = 'self' THEN u.email END AS email,
  COALESCE(p.phone, CASE WHEN p.relationship = 'self' THEN u.phone END) AS phone,
  p.birthday AS date_of_birth, p.gender AS gender,
  (p.is_deleted = 1 OR u.is_deleted = 1) AS is_deleted,
  p.created_at AS created_at, p.updated_at AS updated_at
FROM patient_profiles p JOIN users u ON u.id = p.user_id"""

APPOINTMENTS = """
SELECT a.id AS id, a.id AS uuid, a.patient_profile_id AS patient_id, a.doctor_id AS doctor_id,
  a.location_id AS location_id, a.slot_id AS slot_id,
  a.appointment_start AS appointment_start, a.appointment_end AS appointment_end,
  CASE a.status WHEN 'completed' THEN 'completed' WHEN 'cancelled' THEN 'cancelled'
    WHEN 'no_show' THEN 'cancelled' ELSE 'scheduled' END AS status,
  CASE WHEN a.status = 'no_show' AND a.cancel_reason IS NULL THEN 'no_show' ELSE a.cancel_reason END AS cancel_reason,
  a.is_deleted AS is_deleted, a.created_at AS created_at, a.updated_at AS updated_at
FROM appointments a"""

METHOD = """CASE {} WHEN 'bank_card' THEN 'card' WHEN 'cash' THEN 'cash' WHEN 'insurance' THEN 'insurance'
    WHEN 'wechat' THEN 'other' WHEN 'alipay' THEN 'other' WHEN 'balance' THEN 'other' WHEN 'other' THEN 'other' END"""
PAID_BY = f"COALESCE(o.patient_profile_id, a.patient_profile_id, {SELF})"

# Every attempt to pay, and every order for which nobody has tried yet.
PAYMENTS = f"""
SELECT t.id AS id, o.appointment_id AS appointment_id, {PAID_BY} AS patient_id,
  {{transaction_amount}} AS amount, t.currency AS currency, {METHOD.format("t.payment_method")} AS method,
  CASE WHEN t.status = 'failed' THEN 'failed'
    WHEN t.status = 'success' AND o.status IN ('refunded', 'partial_refunded') THEN 'refunded'
    WHEN t.status = 'success' THEN 'completed'
    WHEN o.status IN ('cancelled', 'expired') THEN 'failed' ELSE 'pending' END AS status,
  COALESCE(t.external_transaction_id, t.transaction_no) AS transaction_ref, t.initiated_at AS created_at
FROM payment_transactions t JOIN payment_orders o ON o.id = t.order_id LEFT JOIN appointments a ON a.id = o.appointment_id
WHERE t.transaction_type = 'payment'
UNION ALL
SELECT o.id, o.appointment_id, {PAID_BY}, {{order_amount}}, o.currency, {METHOD.format("o.payment_method")},
  CASE o.status WHEN 'paid' THEN 'completed' WHEN 'refunded' THEN 'refunded' WHEN 'partial_refunded' THEN 'refunded'
    WHEN 'pending' THEN 'pending' ELSE 'failed' END,
  NULL, o.created_at
FROM payment_orders o LEFT JOIN appointments a ON a.id = o.appointment_id
WHERE NOT EXISTS (SELECT 1 FROM payment_transactions x WHERE x.order_id = o.id AND x.transaction_type = 'payment')"""

VIEWS = {
    "admins": """
SELECT u.id AS id, u.account AS username, u.email AS email, u.password_hash AS password_hash, u.created_at AS created_at
FROM users u WHERE u.role = 'admin' AND u.is_deleted = 0""",
    "patients": PATIENTS,
    "doctors": """
SELECT d.id AS id, d.id AS uuid, u.first_name AS first_name, u.last_name AS last_name, u.email AS email,
  u.phone AS phone, d.specialty_id AS specialty_id, d.introduction AS bio,
  (d.is_deleted = 1 OR u.is_deleted = 1) AS is_deleted, d.created_at AS created_at, d.updated_at AS updated_at
FROM doctors d JOIN users u ON u.id = d.user_id""",
    "specialties": "SELECT s.id AS id, s.code AS code, s.name AS name, s.description AS description FROM specialties s",
    "clinic_locations": """
SELECT l.id AS id, l.name AS name, l.address AS address, l.timezone AS timezone, l.phone AS phone
FROM clinic_locations l""",
    "doctor_availabilities": """
SELECT v.id AS id, v.doctor_id AS doctor_id, v.location_id AS location_id, v.start_time AS start_time,
  v.end_time AS end_time, v.recurrence AS recurrence, v.is_exception AS is_exception, v.created_at AS created_at
FROM doctor_availabilities v WHERE v.is_deleted = 0""",
    "appointment_slots": """
SELECT s.id AS id, s.doctor_id AS doctor_id, s.location_id AS location_id, s.slot_start AS slot_start,
  s.slot_end AS slot_end, s.is_booked AS is_booked, s.created_at AS created_at
FROM appointment_slots s""",
    "appointments": APPOINTMENTS,
    "payments": PAYMENTS,
}


def upgrade():
    connection = op.get_bind()
    mysql = connection.dialect.name != "sqlite"
    migrate.drop_views(connection, [f"smart_{name}" for name in VIEWS])
    # A view kept as a temporary table is one that MySQL does not let anybody write through.
    create = "CREATE ALGORITHM=TEMPTABLE VIEW" if mysql else "CREATE VIEW"
    # SQLite has no exact decimal: there the amount is a number to look at.
    amounts = {
        "transaction_amount": "t.amount" if mysql else "t.amount / 100.0",
        "order_amount": "o.amount" if mysql else "o.amount / 100.0",
    }
    for name, select in VIEWS.items():
        text = select.format(**amounts) if name == "payments" else select
        connection.exec_driver_sql(f"{create} smart_{name} AS {text}")
