from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suwen.prescribing.rules import frequencies
from suwen.prescribing.rules.frequencies import Frequency, parse, quantity, words

# code, times a day, Chinese, English
GOLDEN = [
    ("qd", 1, "每日1次", "once a day"),
    ("bid", 2, "每日2次", "twice a day"),
    ("tid", 3, "每日3次", "3 times a day"),
    ("qid", 4, "每日4次", "4 times a day"),
    ("5xd", 5, "每日5次", "5 times a day"),
    ("q2h", 12, "每2小时1次", "every 2 hours"),
    ("q4h", 6, "每4小时1次", "every 4 hours"),
    ("q6h", 4, "每6小时1次", "every 6 hours"),
    ("q8h", 3, "每8小时1次", "every 8 hours"),
    ("q12h", 2, "每12小时1次", "every 12 hours"),
    ("qod", Fraction(1, 2), "隔日1次", "every other day"),
    ("q3d", Fraction(1, 3), "每3日1次", "every 3 days"),
    ("qw", Fraction(1, 7), "每周1次", "once a week"),
    ("2xw", Fraction(2, 7), "每周2次", "twice a week"),
    ("3xw", Fraction(3, 7), "每周3次", "3 times a week"),
    ("qn", 1, "每晚1次", "every night"),
    ("hs", 1, "睡前1次", "at bedtime"),
    ("qam", 1, "每晨1次", "every morning"),
    ("stat", 1, "立即1次", "once, now"),
    ("prn", None, "必要时", "as needed"),
    ("prn max4", 4, "必要时，每日最多4次", "as needed, at most 4 times a day"),
    ("q6h prn", 4, "每6小时1次，必要时", "every 6 hours, as needed"),
    ("q6h prn max3", 3, "每6小时1次，必要时，每日最多3次", "every 6 hours, as needed, at most 3 times a day"),
]


@pytest.mark.parametrize(("code", "times", "chinese", "english"), GOLDEN)
def test_codes_and_words_mean_the_same(code, times, chinese, english):
    one = parse(code)
    assert one.code == code
    assert one.times == times
    assert (words(one, "zh-CN"), words(one, "en")) == (chinese, english)
    assert parse(chinese) == parse(english) == one


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("TID", "tid"), ("t.i.d.", "tid"), ("tds", "tid"), ("bd", "bid"), ("qhs", "hs"), ("qds", "qid"), ("od", "qd"),
        ("一日三次", "tid"), ("每日３次", "tid"), ("每天 3 次", "tid"), ("日三次", "tid"), ("每日两次", "bid"),
        ("早晚各一次", "bid"), ("早中晚各1次", "tid"), ("睡前", "hs"),
        ("每晚睡前", "hs"), ("每晚", "qn"), ("顿服", "stat"),
        ("每隔6小时", "q6h"), ("每六小时一次", "q6h"), ("隔天一次", "qod"), ("每两日1次", "qod"),
        ("一周两次", "2xw"),
        ("每日3次，饭后服", "tid"), ("tid pc", "tid"), ("每日一次 口服", "qd"), ("three times a day", "tid"),
        ("Twice daily", "bid"), ("once daily", "qd"), ("daily", "qd"),
        ("twice a day", "bid"), ("four times per day", "qid"),
        ("3 times a day after meals", "tid"), ("every eight hours", "q8h"), ("every other day", "qod"),
        ("weekly", "qw"), ("biw", "2xw"), ("at night", "qn"), ("in the morning", "qam"), ("q24h", "qd"),
        ("必要时，24小时内不超过4次", "prn max4"), ("prn, max 2", "prn max2"), ("PRN:3", "prn max3"),
        ("when required, up to 4 times daily", "prn max4"), ("按需，每日最多两次", "prn max2"),
    ],
)  # fmt: skip
def test_what_people_write(text, code):
    assert parse(text).code == code


@pytest.mark.parametrize(
    "text",
    ["", "  ", "3次", "tid bid", "sometimes", "疼痛时偶尔", "每日0次", "每日99次", "q0h", "q99h", "最多3次",
     "at most 3 times a day",
     "每日3次或4次", "每日2-3次", "不定时", "prn max 0",
     # two numbers are not one: once or twice is not twelve times
     "每日1、2次", "每日1/2次", "每日1，2次", "每日1.2次", "每日1 2次", "每日一、二次", "每日十、二次", "每周1、2次",
     "1, 2 times a day", "one, two times a day", "once, twice a day", "q1.2h", "每2.4小时1次", "每1/2天1次",
     "每1.5小时1次", "每日1饭后2次", "prn 每日1最多3次2次", "as needed, at most 1, 2 times a day",
     "每日½次"],
)  # fmt: skip
def test_what_is_not_understood_is_not_guessed(text):
    assert parse(text) is None


BASES = st.sampled_from([code for code, *_ in GOLDEN if " " not in code and code != "prn"])


@given(BASES, st.booleans(), st.integers(1, 12))
def test_words_come_back(base, needed, most):
    one = Frequency(base, needed, most if needed else None)
    assert parse(one.code) == parse(words(one, "zh")) == parse(words(one, "en")) == one


@given(st.text(max_size=40))
def test_any_text_may_come(text):
    one = parse(text)
    assert one is None or parse(one.code) == one


@pytest.mark.parametrize(
    ("amount", "code", "days", "units"),
    [
        ("1", "tid", 7, 21), ("2", "bid", 5, 20), ("0.5", "tid", 7, 11), ("1", "qod", 7, 4), ("1", "qod", 8, 4),
        ("2", "qod", 7, 8), ("1", "qw", 28, 4), ("1", "qw", 30, 5), ("1", "q3d", 7, 3), ("2", "stat", 7, 2),
        ("10", "q12h", 3, 60), ("1", "prn max4", 3, 12), ("1", "2xw", 14, 4),
    ],
)  # fmt: skip
def test_how_much_that_is(amount, code, days, units):
    one = parse(code)
    assert quantity(Decimal(amount), one, days) == units
    if not one.once:  # as the engine counts, from a decimal
        assert frequencies.units(Decimal(amount), one.per_day, days) == units


def test_as_needed_without_a_most_is_no_quantity():
    assert quantity(Decimal(1), parse("prn"), 7) is None
    assert parse("prn").per_day is None
