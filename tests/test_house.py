"""What holds for the house as a whole."""

import pytest

import suwen.app  # noqa: F401  every package, and with it every error and every job
from suwen.core.errors import DomainError, catalogue
from suwen.core.i18n import translate
from suwen.core.outbox import JOBS, TIMED
from suwen.core.web.routes import REFUSALS

OURS = [kind for kind in catalogue() if kind.__module__.startswith("suwen.")]
ELSEWHERE = {405, 500}  # said of every route: another method, an accident


def test_codes_are_stable_words_and_no_two_the_same():
    own = [kind for kind in OURS if "code" in vars(kind)]
    assert all(kind.code.replace("_", "").isalnum() and kind.code.islower() for kind in own)
    codes = [kind.code for kind in own]
    assert sorted({code for code in codes if codes.count(code) > 1}) == []


def test_every_refusal_has_words_of_its_own_kind():
    assert [
        kind.__name__ for kind in OURS if kind is not DomainError and kind.status not in {*REFUSALS, *ELSEWHERE}
    ] == []
    assert [kind.__name__ for kind in OURS if len(kind.title) < 10 or not kind.title.endswith((".", "?"))] == []


@pytest.mark.parametrize("kind", OURS, ids=lambda kind: kind.__name__)
def test_every_title_is_said_in_chinese(kind):
    assert any("\u4e00" <= sign <= "\u9fff" for sign in translate(kind.title, "zh-CN"))
    assert translate(kind.title, "en") == kind.title


def test_jobs_have_names_that_stay_and_belong_to_their_packages():
    """The outbox names a job by its place in the code; a job in a test or a script would never be found again."""
    every = [job for several in JOBS.values() for job in several] + [timed.job for timed in TIMED]
    jobs = [job for job in every if "/tests/" not in job.__code__.co_filename]  # other tests of this process listen too
    assert len(jobs) > 15
    assert [job for job in jobs if not job.__module__.startswith("suwen.") or "<" in job.__qualname__] == []
