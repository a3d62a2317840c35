"""People: accounts, sign-in and sessions, second factor, families, and who may see whose record."""
