"""Prescribing as JSON."""

from suwen.prescribing.api import documents, prescriptions, shelf

ROUTES = [*prescriptions.ROUTES, *shelf.ROUTES, *documents.ROUTES]
