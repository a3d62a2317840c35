"""Rating a visit, answering, reading, and keeping it decent."""

from datetime import datetime

from sqlalchemy.orm import Session

from suwen.clinics import service as clinics
from suwen.core.actor import Actor
from suwen.core.i18n import N_
from suwen.core.schemas import Input
from suwen.core.web.answers import Page, See
from suwen.core.web.routes import ANYONE, form, page, routes_of
from suwen.reviews import service
from suwen.reviews.schemas import Answer, Hiding, ReviewForm


class Nothing(Input):
    """A button."""


@page("/appointments/{id:str}/review", who="patient")
def rating(tx: Session, me: Actor, now: datetime, id: str) -> Page:
    visit = service.visit(tx, me, id)
    shown = {
        "visit": visit,
        "review": service.my_review(tx, me, id, now),
        "tags": [tag.name for tag in service.tag_choices(tx)],
    }
    return Page("reviews/rating.html", shown)


@form("/appointments/{id:str}/review", again=rating, who="patient")
def rate(tx: Session, me: Actor, now: datetime, id: str, data: ReviewForm) -> See:
    service.say(tx, me, id, data.entry(), now)
    return See(f"/appointments/{id}/review", toast=N_("Thank you. Your words help others to choose."))


@page("/doctors/{id:str}/reviews", who=ANYONE,
      kept=lambda id, stars=None, after=None: (f"doctor:{id}", f"{stars} {after}"))  # fmt: skip
def public(tx: Session, now: datetime, id: str, stars: int | None = None, after: str | None = None) -> Page:
    found = service.public_reviews(tx, id, now, stars=stars, after=after, limit=10)
    return Page("reviews/public.html", {
        "doctor": clinics.listed_doctor(tx, id, now), "summary": service.summary(tx, id, now), "reviews": found.items,
        "next": found.next, "chosen": stars, "first": after is None,
    })  # fmt: skip


@page("/doctor/reviews", who="doctor")
def of_me(tx: Session, me: Actor, open: bool = False, after: str | None = None) -> Page:
    found = service.doctors_reviews(tx, me, unanswered_only=open, after=after)
    return Page("reviews/of_me.html", {
        "reviews": found.items, "next": found.next, "open": open, "first": after is None,
        "waiting": service.unanswered(tx, me),
    })  # fmt: skip


@page("/doctor/reviews/{id:str}", who="doctor")
def one_of_me(tx: Session, me: Actor, id: str) -> Page:
    return Page("reviews/answer.html", {"review": service.doctors_review(tx, me, id)})


@form("/doctor/reviews/{id:str}", again=one_of_me, who="doctor")
def answer(tx: Session, me: Actor, now: datetime, id: str, data: Answer) -> See:
    service.answer(tx, me, id, data.text, now)
    return See("/doctor/reviews", toast=N_("Your answer is public."))


@page("/admin/reviews", who="admin")
def every(
    tx: Session, now: datetime, status: str | None = None, stars: str | None = None, q: str | None = None,
    after: str | None = None,
) -> Page:  # fmt: skip
    number = int(stars) if stars in ("1", "2", "3", "4", "5") else None
    found = service.all_reviews(tx, now, status=status or None, stars=number, q=q or None, after=after)
    return Page("reviews/every.html", {
        "reviews": found.items, "next": found.next, "status": status or "", "stars": number, "q": q or "",
        "first": after is None,
    })  # fmt: skip


@page("/admin/reviews/{id:str}", who="admin")
def one(tx: Session, now: datetime, id: str) -> Page:
    return Page("reviews/one.html", {"review": service.one_review(tx, id, now)})


@form("/admin/reviews/{id:str}/hide", again=one, who="admin")
def hide(tx: Session, me: Actor, now: datetime, id: str, data: Hiding) -> See:
    service.hide(tx, me, id, data.reason, now)
    return See("/admin/reviews", toast=N_("Hidden. The author has been told why."))


@form("/admin/reviews/{id:str}/show", again=one, who="admin")
def show(tx: Session, me: Actor, now: datetime, id: str, data: Nothing) -> See:
    service.show_again(tx, me, id, now)
    return See("/admin/reviews", toast=N_("Public again."))


ROUTES = routes_of(rating, rate, public, of_me, one_of_me, answer, every, one, hide, show)
