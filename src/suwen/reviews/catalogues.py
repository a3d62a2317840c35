"""The tags one may give to a visit. Whoever is no admin lists those that are offered (`api.offered_tags`), not all."""

from typing import Annotated, Literal

import msgspec

from suwen.core.i18n import N_
from suwen.core.schemas import Input
from suwen.core.web.catalogue import Catalogue
from suwen.reviews.models import ReviewTag


class TagEntry(Input):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=50, title=N_("Tag"))]
    category: Annotated[Literal["positive", "negative"], msgspec.Meta(title=N_("Kind"))] | None = None
    is_active: Annotated[bool, msgspec.Meta(title=N_("Offered to patients"))] = True


WORDS = (N_("positive"), N_("negative"), N_("Usage count"))  # what the page makes of the kinds and of a column
CATALOGUES = [
    Catalogue(
        slug="review-tags", title=N_("Tags of reviews"), model=ReviewTag, entry=TagEntry,
        columns=("name", "category", "usage_count", "is_active"), order="-usage_count", readers=None,
        intro=N_("Patients choose from these, and may add their own. One that is switched off is no longer taken."),
    )
]  # fmt: skip
