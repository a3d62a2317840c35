"""Prescribing as JSON."""

from suwen.prescribing.api import prescriptions

ROUTES = [*prescriptions.ROUTES]
