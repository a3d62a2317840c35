"""Pages that compose several packages."""

from suwen.portal.pages import admin, home, reference

ROUTES = [*home.ROUTES, *reference.ROUTES, *admin.ROUTES]
