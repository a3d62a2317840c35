"""Prescribing as JSON."""

from suwen.prescribing.api import prescriptions, shelf

ROUTES = [*prescriptions.ROUTES, *shelf.ROUTES]
