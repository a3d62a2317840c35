"""The clinic's own things: departments, specialties, places, doctors and their verification."""
