"""Prescriptions on pages."""

from suwen.prescribing.pages import editor, reading

ROUTES = [*editor.ROUTES, *reading.ROUTES]
