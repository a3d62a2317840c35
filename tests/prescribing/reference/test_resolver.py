"""Whatever a doctor types is one piece or none; never something that merely looks like it."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.prescribing.reference import reference
from suwen.prescribing.rules import names, resolver
from suwen.prescribing.rules.findings import Kind
from suwen.prescribing.rules.names import Name
from suwen.prescribing.rules.resolver import resolve, suggest
from suwen.prescribing.rules.spelling import plain

R = reference()
WRITTEN = sorted((name, piece.code) for piece in R.pieces.values() for name in (piece.name, *piece.aliases))
TOXIC = {piece.code for piece in R.pieces.values() if piece.toxicity in ("大毒", "有毒") or piece.toxic_order}
FULL_WIDTH = {ord(letter): ord(letter) + 0xFEE0 for letter in "abcdefghijklmnopqrstuvwxyz"}


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("栝楼仁", "瓜蒌子"),
        ("白芨", "白及"),
        ("元参", "玄参"),
        ("黑丑", "牵牛子"),
        ("炮附片", "炮附片"),
        ("附 片", "附子"),
        ("附　片", "附子"),
        ("瓜蔞", "瓜蒌"),
        ("炙甘草", "炙甘草"),
        ("川牛膝", "川牛膝"),
        ("怀牛膝", "牛膝"),
        ("黃芪", "黄芪"),
        ("當歸", "当归"),
        ("白朮", "白术"),
        ("人參", "人参"),
        ("薑半夏", "姜半夏"),
        ("製附子", "附子"),
        ("ＦＵＺＩ", "附子"),
        ("fa ban xia", "法半夏"),
        ("Zhi Gan Cao", "炙甘草"),
        ("zhigancao", "炙甘草"),
        ("nǚ zhēn zǐ", "女贞子"),
        ("附子（先煎）", "附子"),
        ("木香(后下、打碎)", "木香"),
        ("大枣（去核）", "大枣"),
        ("\u200b人参 ", "人参"),
        ("北细辛", "细辛"),
        ("杭白芍", "白芍"),
        ("炒苍术", "麸炒苍术"),
        ("醋元胡", "醋延胡索"),
    ],
)
def test_ways_to_write_a_piece(typed: str, name: str) -> None:
    found = resolve(R, typed)
    assert found.name == name
    assert R.pieces[found.code].name == name


@pytest.mark.parametrize(
    ("typed", "name"),
    [("白附子", "白附子"), ("关白附", "关白附"), ("蛇附子", "蛇附子"), ("土贝母", "土贝母"),
     ("灯盏细辛", "灯盏细辛"), ("黑细辛", "黑细辛"),
     ("太子参", "太子参"), ("拳参", "拳参"), ("明党参", "明党参"), ("桂枝", "桂枝"), ("大蓟", "大蓟"),
     ("昆布", "昆布"),
     ("水半夏", "水半夏"), ("白附片", "白附片"), ("木通", "木通"), ("关木通", "关木通"), ("木香", "木香"),
     ("青木香", "青木香")],
)  # fmt: skip
def test_look_alikes_are_themselves(typed: str, name: str) -> None:
    assert resolve(R, typed).name == name


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("半夏", "半夏"),
        ("川乌", "川乌"),
        ("乌头", "川乌"),
        ("附子", "附子"),
        ("大戟", "京大戟"),
        ("芍药", "白芍"),
        ("banxia", "半夏"),
    ],
)
def test_a_name_without_processing_is_the_default_piece_and_says_so(typed: str, name: str) -> None:
    found = resolve(R, typed)
    assert (found.name, found.defaulted) == (name, True)


@pytest.mark.parametrize("typed", ["法半夏", "制川乌", "黑顺片", "炙甘草", "桂枝", "白芨"])
def test_a_name_that_says_its_processing_is_no_default(typed: str) -> None:
    assert not resolve(R, typed).defaulted


@pytest.mark.parametrize(
    ("typed", "name", "raw_said"),
    [("生半夏", "生半夏", True), ("半夏（生用）", "生半夏", True), ("附子(生)", "生附子", True),
     ("甘草(生用)", "甘草", True),
     ("生甘草", "甘草", True), ("半夏", "半夏", False), ("生姜", "生姜", False), ("生地黄", "生地黄", False),
     ("生地", "生地黄", False)],
)  # fmt: skip
def test_raw_use(typed: str, name: str, raw_said: bool) -> None:
    found = resolve(R, typed)
    assert (found.name, found.raw_said) == (name, raw_said)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("贝母", "川贝母"),
        ("沙参", "北沙参"),
        ("制半夏", "法半夏"),
        ("fuzii", "附子"),
        ("黄其", "黄芪"),
        ("白芍(炒)", "炒白芍"),
        ("夏半", "半夏"),
    ],
)
def test_what_is_not_known_is_offered_never_guessed(typed: str, offered: str) -> None:
    found = resolve(R, typed)
    assert found.code == ""
    assert offered in [one.name for one in found.suggestions]


@pytest.mark.parametrize(
    "typed", ["", " ", "()", "（生用）", "(", "123", "🌿", "附", "子", "a", "附子附子", "x" * 500, "附子(去毒)"]
)
def test_nonsense_is_unknown(typed: str) -> None:
    assert resolve(R, typed).code == ""


def test_every_name_and_alias_is_its_own_piece() -> None:
    assert len(WRITTEN) > 1400
    assert {name: resolve(R, name).code for name, _ in WRITTEN} == dict(WRITTEN)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(WRITTEN), st.text(" \u3000\t\u200b", max_size=3), st.data())
def test_spaces_anywhere_change_nothing(written: tuple[str, str], space: str, data: st.DataObject) -> None:
    name, code = written
    at = data.draw(st.integers(0, len(name)))
    assert resolve(R, name[:at] + space + name[at:]).code == code


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(R.pieces)))
def test_traditional_characters_and_full_width_pinyin(code: str) -> None:
    piece = R.pieces[code]
    assert resolve(R, piece.traditional or piece.name).code == code
    found = resolve(R, piece.pinyin.replace(" ", "").translate(FULL_WIDTH))
    same = [one.code for one in R.pieces.values() if one.pinyin == piece.pinyin]
    assert found.code == (code if same == [code] else "")


@settings(max_examples=500, deadline=None)
@given(st.sampled_from([pair for pair in WRITTEN if pair[1] in TOXIC]), st.data())
def test_a_part_of_a_toxic_name_is_never_it(written: tuple[str, str], data: st.DataObject) -> None:
    name, _ = written
    start = data.draw(st.integers(0, len(name) - 1))
    end = data.draw(st.integers(start + 1, len(name)))
    part = name[start:end]
    if plain(part, R.characters) not in R.names and plain(part, R.characters) not in R.defaults:
        assert resolve(R, part).code == ""


HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5)


@settings(max_examples=500, deadline=None)
@given(
    st.sampled_from([pair for pair in WRITTEN if pair[1] in TOXIC]), st.text(HAN, max_size=2), st.text(HAN, max_size=2)
)
def test_more_than_a_toxic_name_is_never_it(written: tuple[str, str], before: str, after: str) -> None:
    longer = before + written[0] + after
    known = plain(longer, R.characters)
    if known not in R.names and known not in R.defaults:
        assert resolve(R, longer).code == ""


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=12))
def test_any_text_is_answered(typed: str) -> None:
    found = resolve(R, typed)
    assert not found.code or R.pieces[found.code].name == found.name
    assert len(found.suggestions) <= 5
    suggest(R, typed, "herbal")


@pytest.mark.parametrize(
    ("typed", "first"),
    [("fz", "附子"), ("fuz", "附子"), ("fabx", "法半夏"), ("附", "附子"), ("zgc", "炙甘草"), ("黃q", None),
     ("ginseng", "人参"),
     ("hq", "黄芪"), ("栝楼", "瓜蒌"), ("生地", "生地黄"), ("", None)],
)  # fmt: skip
def test_type_ahead(typed: str, first: str | None) -> None:
    found = suggest(R, typed, "herbal")
    assert (found[0].name if found else None) == first


@pytest.mark.parametrize(
    ("typed", "kind", "first"),
    [
        ("阿莫西林", "general", "阿莫西林胶囊 0.5 g"),
        ("paracetamol", "general", "对乙酰氨基酚片 0.5 g"),
        ("ors", "general", "口服补液盐散（Ⅲ）"),
        ("xch", "compound", "小柴胡颗粒"),
        ("感冒灵", "compound", "感冒灵颗粒"),
        ("附子", "compound", "附子理中丸"),
    ],
)
def test_type_ahead_of_products(typed: str, kind: Kind, first: str) -> None:
    found = suggest(R, typed, kind)
    assert found[0].name == first
    assert {R.products[one.code].kind for one in found} == {kind}


def test_an_alias_of_several_products_is_none_of_them() -> None:
    found = resolve(R, "阿莫西林胶囊", "general")
    assert found.code == ""
    assert {"阿莫西林胶囊 0.5 g", "阿莫西林胶囊 0.25 g"} <= {one.name for one in found.suggestions}
    assert resolve(R, "感冒灵", "compound").name == "感冒灵颗粒"
    assert resolve(R, "附子理中丸", "herbal").code == ""


def test_type_ahead_names_the_alias_it_went_by() -> None:
    (found,) = (one for one in suggest(R, "yuanshen", "herbal") if one.name == "玄参")
    assert found.matched == "元参"
    assert all(one.matched == "" for one in suggest(R, "附子", "herbal"))


def test_type_ahead_puts_what_is_raw_or_banned_behind_the_others() -> None:
    names = [one.name for one in suggest(R, "guan", "herbal", limit=20)]
    assert names.index("关黄柏") < names.index("关木通")


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(R.pieces)), st.integers(1, 12))
def test_type_ahead_finds_every_piece_by_its_whole_pinyin_and_has_no_doubles(code: str, limit: int) -> None:
    piece = R.pieces[code]
    found = suggest(R, piece.pinyin, "herbal", limit=50)
    assert code in [one.code for one in found]
    assert len({one.code for one in found}) == len(found)
    assert len(suggest(R, piece.pinyin[0], "herbal", limit=limit)) <= limit


@pytest.mark.parametrize("typed", ["f", "fz", "fuzi", "附", "ginseng", "zzz", "zhi", "s" * 20])
def test_type_ahead_looks_at_few_names(typed: str) -> None:
    """One letter typed: only names that begin with it are compared. The bench prints the time."""
    looked = []

    class Counting(dict[str, tuple[Name, ...]]):
        def get(self, key: str, default: tuple[Name, ...] = ()) -> tuple[Name, ...]:  # type: ignore[override]
            looked.extend(super().get(key, default))
            return super().get(key, default)

    whole = names.index(R, "herbal")
    counted = replace(whole, beginnings=Counting(whole.beginnings))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resolver, "index", lambda *_: counted)
        found = suggest(R, typed, "herbal")
    assert len(looked) <= len(whole.names) / 5
    assert bool(looked) or not found
