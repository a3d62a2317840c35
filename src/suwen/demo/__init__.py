"""A believable day of a clinic, made through the services like any other day."""
