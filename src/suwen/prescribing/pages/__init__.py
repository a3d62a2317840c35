"""Prescriptions on pages."""

from suwen.prescribing.pages import editor, pharmacy, reading, verifying

ROUTES = [*editor.ROUTES, *pharmacy.ROUTES, *reading.ROUTES, *verifying.ROUTES]
