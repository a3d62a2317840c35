"""What a second administrator adds to what the first one does."""

from typing import Annotated

import msgspec

from suwen.core.schemas import Input


class Seconded(Input, kw_only=True):
    """`confirmed_by`: the account of another administrator, asked for above the sum from which refunds need a second
    person. `password`, or `code` of a second step, are that person's own."""

    confirmed_by: Annotated[str, msgspec.Meta(max_length=36)] | None = None
    password: Annotated[str, msgspec.Meta(max_length=300)] | None = None
    code: Annotated[str, msgspec.Meta(max_length=20)] | None = None
