"""Prescribing as JSON."""

from suwen.prescribing.api import documents, prescriptions, shelf, steps

ROUTES = [*prescriptions.ROUTES, *shelf.ROUTES, *documents.ROUTES, *steps.ROUTES]
