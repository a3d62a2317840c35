"""Prescriptions: written, signed with what was known then, printed."""
