"""Calls: waiting room, signalling, what happened in them, the doctor's notes."""
