"""What can be done about a visit, by use case."""
