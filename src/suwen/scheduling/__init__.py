"""Availability, slots, appointments: who sees whom, when and where."""
