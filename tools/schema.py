"""Migrates an empty SQLite and an empty MariaDB, and holds both against the models and the schema documents.

The documents lie beside the checkout (`../shared`); where they do not, only the models are compared.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.mariadb import private_mariadb
from tests.support.processes import Missing

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("SUWEN_SHARED", ROOT.parent / "shared"))
TCM = [
    "users",
    "doctors",
    "departments",
    "patient_profiles",
    "appointments",
    "prescriptions",
    "prescription_templates",
    "common_phrases",
    "reviews",
    "review_tags",
    "review_tag_mappings",
    "notifications",
    "price_configs",
    "payment_orders",
    "payment_transactions",
    "refund_records",
    "payment_configs",
    "user_balances",
    "balance_transactions",
    "video_consultations",
    "webrtc_signals",
    "video_call_events",
]
CLINIC = ["specialties", "clinic_locations", "doctor_availabilities", "appointment_slots"]


def run(*command: str, env: dict[str, str]) -> bool:
    done = subprocess.run(command, env=os.environ | env, capture_output=True, text=True, timeout=300, cwd=ROOT)
    if done.returncode:
        print(f"$ {' '.join(command[1:])}\n{done.stdout}{done.stderr}")
    return done.returncode == 0


def only(tables: list[str]) -> list[str]:
    return [word for table in tables for word in ("--only", table)]


def conforms(url: str) -> bool:
    """The three comparisons that ../shared/checks/README.md describes."""
    script = [sys.executable, str(SHARED / "checks/schema_conformance.py")]
    tcm, clinic = (str(SHARED / f"requirements/{name}-schema.md") for name in ("tcm-telemedicine", "smart-clinic"))
    accepted = ["--accept", str(SHARED / "checks/accepted-tcm.txt"), "--strict-enums"]
    results = [
        run(*script, tcm, url, *accepted, *only(TCM), env={}),
        run(*script, clinic, url, "--prefix", "smart_", "--views", "--uuid-keys", env={}),
        run(*script, clinic, url, "--uuid-keys", *only(CLINIC), env={}),
    ]
    return all(results)


def holds(url: str) -> bool:
    """Migrating works from nothing and again, leaves no difference to the models, and gives what the documents ask."""
    suwen = (sys.executable, "-m", "suwen.cli", "migrate")
    with tempfile.TemporaryDirectory() as folder:
        env = {"SUWEN_DATABASE_URL": url, "SUWEN_DATA_DIR": folder}
        done = run(*suwen, env=env) and run(*suwen, env=env)
        if not done:
            return False
        same = run(*suwen, "--check", env=env)
        if not (SHARED / "checks").is_dir():
            print("no schema documents beside this checkout: compared with the models only")
            return same
        return conforms(url) and same


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="suwen-schema-") as folder:
        good = holds(f"sqlite:///{folder}/schema.db")
    try:
        with private_mariadb(quick=True) as server:
            good = holds(server.url()) and good
    except Missing as missing:
        print(f"Not compared on MariaDB: {missing}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
