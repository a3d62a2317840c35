"""Prescribing as JSON."""

from suwen.prescribing.api import documents, papers, prescriptions, shelf, steps

ROUTES = [*prescriptions.ROUTES, *shelf.ROUTES, *documents.ROUTES, *steps.ROUTES, *papers.ROUTES]
