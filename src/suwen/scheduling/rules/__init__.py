"""Facts of scheduling that need no database: pure functions over half-open intervals [start, end).

The clock, the zone and the policy are arguments; nothing here reads a row or the time of day.
"""
