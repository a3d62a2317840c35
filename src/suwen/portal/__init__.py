"""Pages that compose several packages: home, dashboards, navigation."""
