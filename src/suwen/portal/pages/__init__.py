"""Pages that compose several packages."""

from suwen.portal.pages import admin, desk, home, insurance, reference, revenue, visit

ROUTES = [
    *home.ROUTES, *visit.ROUTES, *desk.ROUTES, *reference.ROUTES, *admin.ROUTES, *revenue.ROUTES, *insurance.ROUTES,
]  # fmt: skip
