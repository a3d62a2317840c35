"""HTML pages: finding care, a patient's visits, the staff's calendar, hours and desk."""

from suwen.scheduling.pages import care, staff, visits

ROUTES = [*care.ROUTES, *visits.ROUTES, *staff.ROUTES]
