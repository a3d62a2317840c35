"""Prescriptions on pages."""

from suwen.prescribing.pages import editor, pharmacy, reading, shelf, verifying

ROUTES = [*editor.ROUTES, *pharmacy.ROUTES, *reading.ROUTES, *shelf.ROUTES, *verifying.ROUTES]
