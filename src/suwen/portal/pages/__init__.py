"""Pages that compose several packages."""

from suwen.portal.pages import admin, reference

ROUTES = [*reference.ROUTES, *admin.ROUTES]
