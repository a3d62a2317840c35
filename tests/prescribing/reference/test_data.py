"""The reference data against the tables it was made from, counted and compared row by row."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from suwen.prescribing.formulas import formulas
from suwen.prescribing.reference import DATA, reference
from suwen.prescribing.rules.reference import Piece
from suwen.prescribing.rules.resolver import resolve

HERE = Path(__file__).parent
PREGNANCY = {"禁用": "forbidden", "慎用": "caution", "忌服": "avoid", "—": ""}


def rows(name: str) -> list[list[str]]:
    return [line.split() for line in (HERE / name).read_text("utf-8").splitlines() if line and line[0] != "#"]


def piece(name: str) -> Piece:
    (code,) = reference().names[name]
    found = reference().pieces[code]
    assert found.name == name
    return found


def codes(names: str) -> set[str]:
    return {piece(name).code for name in names.split()}


def ranges(found: Piece) -> dict[str, tuple[Decimal | None, Decimal | None]]:
    return {dose.basis: (dose.low, dose.high) for dose in found.doses}


def test_the_toxic_pieces_are_10_42_and_31() -> None:
    table = rows("toxic.txt")
    assert [sum(row[0] == toxicity for row in table) for toxicity in ("大毒", "有毒", "小毒")] == [10, 42, 31]
    for toxicity, name, grams, pregnancy in table:
        found = piece(name)
        assert (found.toxicity, found.pregnancy) == (toxicity, PREGNANCY[pregnancy]), name
        taken = {basis: pair for basis, pair in ranges(found).items() if basis != "external"}
        if grams != "—":
            low, high = map(Decimal, grams.split("–"))
            assert (low, high) in taken.values(), name
        elif name != "苦木":  # its twigs and its leaves have each their own
            assert not taken, name


def test_the_186_common_pieces() -> None:
    table = rows("common.txt")
    assert len({name for name, _, _ in table}) == 186
    for name, grams, method in table:
        found = piece(name)
        low, high = map(Decimal, grams.split("–"))
        assert ranges(found)["per_day_decoction"] == (low, high), name
        if method != "—":
            assert found.method == method, name


TOXIC_ORDER = """砒石 砒霜 水银 生马钱子 生川乌 生草乌 生白附子 生附子 生半夏 生天南星 生巴豆 斑蝥 青娘虫 红娘虫
生甘遂 生狼毒 生藤黄
生千金子 生天仙子 闹羊花 雪上一枝蒿 红升丹 白降丹 蟾酥 洋金花 红粉 轻粉 雄黄"""


def test_the_28_kinds_of_the_order_on_toxic_medicines() -> None:
    listed = {one.code for one in reference().pieces.values() if one.toxic_order}
    assert len(listed) == 28
    assert listed == codes(TOXIC_ORDER)


CANONICAL = {
    "F18-1": (
        "川乌 制川乌 草乌 制草乌 附子",
        "半夏 法半夏 姜半夏 清半夏 瓜蒌 瓜蒌皮 瓜蒌子 炒瓜蒌子 天花粉 川贝母 浙贝母 平贝母 伊贝母 湖北贝母 白蔹 白及",
    ),
    "F18-2": ("甘草 炙甘草", "海藻 京大戟 红大戟 甘遂 芫花"),
    "F18-3": ("藜芦", "人参 西洋参 党参 南沙参 北沙参 丹参 玄参 苦参 细辛 白芍 赤芍"),
    "W19-1": ("硫黄", "芒硝 玄明粉"),
    "W19-2": ("水银", "砒霜 砒石"),
    "W19-3": ("狼毒 生狼毒", "密陀僧"),
    "W19-4": ("巴豆 巴豆霜", "牵牛子"),
    "W19-5": ("丁香 母丁香", "郁金"),
    "W19-6": ("芒硝 玄明粉", "三棱 醋三棱"),
    "W19-7a": ("川乌 制川乌 草乌 制草乌", "水牛角"),
    "W19-7b": ("川乌 制川乌 草乌 制草乌", "犀角"),
    "W19-8": ("人参 红参 人参叶", "五灵脂 醋五灵脂"),
    "W19-9": ("肉桂", "赤石脂 煅赤石脂"),
}
FORMS = {
    "F18-1": (
        "生川乌 生草乌 生附子 盐附子 黑顺片 白附片 淡附片 炮附片 天雄 漏篮子",
        "生半夏 半夏曲 瓜蒌霜 川贝粉",
    ),
    "F18-2": ("甘草梢 六一散", "醋京大戟 醋红大戟 醋甘遂 生甘遂 醋芫花"),
    "F18-3": ("", "红参 人参须 人参叶 米炒党参 蜜党参 酒丹参 炒白芍 酒白芍"),
    "W19-1": ("制硫黄", ""),
    "W19-3": ("醋狼毒", ""),
    "W19-4": ("生巴豆", "炒牵牛子"),
    "W19-5": ("", "醋郁金"),
    "W19-7a": ("生川乌 生草乌", ""),
    "W19-7b": ("生川乌 生草乌", ""),
    "W19-8": ("人参须", ""),
    "W19-9": ("", "白石脂"),
}


def test_what_does_not_go_together() -> None:
    rules = {rule.id: rule for rule in reference().incompatibilities}
    assert rules.keys() == CANONICAL.keys()
    for name, sides in CANONICAL.items():
        more = FORMS.get(name, ("", ""))
        wanted = [codes(canonical) | codes(forms) for canonical, forms in zip(sides, more, strict=True)]
        assert [set(rules[name].left), set(rules[name].right)] == wanted, name


@pytest.mark.parametrize(("rule", "pairs"), [("F18-1", 80), ("F18-2", 10), ("F18-3", 11)])
def test_the_canonical_pairs_of_the_eighteen(rule: str, pairs: int) -> None:
    left, right = (codes(side) for side in CANONICAL[rule])
    assert len(left) * len(right) == pairs


def test_severities_of_incompatibilities() -> None:
    severity = {rule.id: rule.severity for rule in reference().incompatibilities}
    assert severity.pop("W19-2") == severity.pop("W19-7b") == "FORBID"
    assert severity.pop("W19-7a") == "WARN"
    assert set(severity.values()) == {"BLOCK_OVERRIDE"}


LOOK_ALIKES = (
    """白附子 制白附子 关白附 蛇附子 土贝母 灯盏细辛 黑细辛 太子参 拳参 明党参 桂枝 大蓟 昆布 水半夏 荆三棱 片姜黄"""
)


def test_look_alikes_are_in_no_rule() -> None:
    in_rules = {code for rule in reference().incompatibilities for code in rule.left | rule.right}
    assert not codes(LOOK_ALIKES) & in_rules


FORBIDDEN = """丁公藤 三棱 干漆 千金子 千金子霜 土鳖虫 川乌 马钱子 马钱子粉 马兜铃 天仙子 天仙藤 巴豆 巴豆霜 水蛭
甘遂 朱砂 全蝎 红粉 芫花
两头尖 阿魏 京大戟 闹羊花 草乌 制草乌 牵牛子 轻粉 洋金花 莪术 猪牙皂 商陆 斑蝥 雄黄 黑种草子 蜈蚣 罂粟壳 麝香 红大戟"""
AVOID = "大皂角 天山雪莲"
CAUTION = """人工牛黄 三七 大黄 川牛膝 制川乌 小驳骨 飞扬草 王不留行 天花粉 天南星 制天南星 天然冰片 木鳖子 牛黄
体外培育牛黄 牛膝 片姜黄
艾片 白附子 玄明粉 芒硝 西红花 肉桂 华山参 冰片 红花 芦荟 苏木 牡丹皮 皂矾 没药 乳香 附子 苦楝皮 郁李仁 虎杖 金铁锁
卷柏 草乌叶 枳壳 枳实
禹州漏芦 禹余粮 急性子 桂枝 桃仁 凌霄花 益母草 通草 黄蜀葵花 常山 硫黄 番泻叶 蒲黄 漏芦 赭石 薏苡仁 瞿麦 蟾酥"""


@pytest.mark.parametrize(
    ("names", "grade"), [(FORBIDDEN, "forbidden"), (AVOID, "avoid"), (CAUTION, "caution"), ("半夏 法半夏 姜半夏", "")]
)
def test_pregnancy(names: str, grade: str) -> None:
    for name in names.split():
        assert piece(name).pregnancy == grade, name


METHODS = {
    "先煎": "附子 制川乌 制草乌 石膏 磁石 紫石英 赭石 石决明 珍珠母 牡蛎 龙骨 蛤壳 瓦楞子 龟甲 鳖甲 滑石 自然铜 水牛角",
    "后下": "薄荷 砂仁 豆蔻 钩藤 大黄 番泻叶 沉香 苦杏仁 鱼腥草 徐长卿 青蒿 肉桂",
    "包煎": "车前子 旋覆花 蒲黄 海金沙 葶苈子 辛夷 枇杷叶 滑石粉 蛤粉 六一散 儿茶 五灵脂",
    "另煎": "人参 西洋参 羚羊角",
    "烊化": "阿胶 鹿角胶 龟甲胶 鳖甲胶 饴糖",
    "冲服": "芒硝 三七粉 川贝粉 琥珀 羚羊角粉 紫河车 雷丸 鹿茸粉",
    "泡服": "胖大海 西红花",
    "煎汤代水": "灶心土 玉米须",
}


@pytest.mark.parametrize("method", METHODS)
def test_decoction_methods(method: str) -> None:
    assert {name: piece(name).method for name in METHODS[method].split()} == dict.fromkeys(
        METHODS[method].split(), method
    )


def test_bases_are_never_merged() -> None:
    assert ranges(piece("细辛")) == {
        "per_day_decoction": (Decimal(1), Decimal(3)),
        "per_dose_powder": (Decimal("0.5"), Decimal(1)),
    }
    assert ranges(piece("芫花"))["per_dose_powder"] == (Decimal("0.6"), Decimal("0.9"))
    assert ranges(piece("川乌")) == ranges(piece("生川乌")) == {}
    assert ranges(piece("朱砂")) == {"per_day_powder": (Decimal("0.1"), Decimal("0.5"))}
    assert piece("朱砂").no_decoction


def test_the_conflict_about_shegan_is_told() -> None:
    (dose,) = piece("射干").doses
    assert (dose.low, dose.high) == (3, 10)
    assert "9–15" in dose.note
    assert dose.provenance.evidence == "M"


@pytest.mark.parametrize("name", ["关木通", "广防己", "青木香", "马兜铃", "天仙藤", "犀角", "虎骨", "穿山甲"])
def test_banned_pieces_say_why_and_have_no_dose(name: str) -> None:
    found = piece(name)
    assert found.banned
    assert not found.doses


def test_five_pieces_of_pinellia_and_three_of_aconite() -> None:
    families = {
        name: {one.name for one in reference().pieces.values() if one.family == name} for name in ("半夏", "川乌")
    }
    assert families["半夏"] == {"半夏", "生半夏", "法半夏", "姜半夏", "清半夏", "半夏曲"}
    assert families["川乌"] == {"川乌", "生川乌", "制川乌"}
    assert piece("法半夏").processed_of == piece("半夏").code


def test_cautions_of_people() -> None:
    def of(name: str) -> dict[str, str]:
        return {caution.condition: caution.severity for caution in piece(name).cautions}

    assert of("罂粟壳")["child"] == "FORBID"
    assert of("朱砂") == {"renal": "FORBID", "hepatic": "FORBID"}
    assert of("大黄") == {"lactation": "WARN", "menstruation": "WARN"}
    assert of("麻黄").keys() >= {"hypertension", "heart_failure"}
    assert of("苦楝皮") == {"renal": "WARN", "hepatic": "WARN"}
    assert of("洋金花")["glaucoma"] == "FORBID"
    assert of("芒硝") == {}


def test_nobody_has_reviewed_it_yet_and_it_says_so() -> None:
    assert not reference().reviewed


def test_remarks_in_the_rules_name_the_pieces_they_stand_beside() -> None:
    text = (DATA / "incompatible.yaml").read_text("utf-8")
    remarks = re.findall(r"- ([a-z0-9_]+)  # (\S+)$", text, re.MULTILINE)
    assert len(remarks) > 100
    for code, name in remarks:
        assert reference().pieces[code].name == name


def test_it_is_read_once() -> None:
    """Whoever asks gets what is there; nothing is read for an evaluation."""
    assert reference() is reference()


CONTAINS = [
    ("小柴胡颗粒", "姜半夏"),
    ("附子理中丸", "附子"),
    ("六味地黄丸", "熟地黄"),
    ("逍遥丸", "炙甘草"),
    ("藿香正气水", "生半夏"),
    ("通宣理肺丸", "姜半夏"),
    ("天王补心丹", "朱砂"),
    ("安宫牛黄丸", "雄黄"),
    ("人参健脾丸", "人参"),
    ("苏合香丸", "丁香"),
    ("十全大补丸", "肉桂"),
    ("防风通圣丸", "芒硝"),
    ("小活络丸", "制川乌"),
    ("失笑散", "五灵脂"),
    ("蜜炼川贝枇杷膏", "川贝母"),
]


@pytest.mark.parametrize(("product", "inside"), CONTAINS)
def test_what_is_in_compound_products(product: str, inside: str) -> None:
    found = resolve(reference(), product, "compound")
    assert piece(inside).code in reference().products[found.code].pieces


def test_cold_remedies_say_how_much_paracetamol_is_in_them() -> None:
    inside = {
        name: dict(reference().products[resolve(reference(), name, "compound").code].ingredients)["paracetamol"]
        for name in ("感冒灵颗粒", "维C银翘片")
    }
    assert inside == {"感冒灵颗粒": Decimal(200), "维C银翘片": Decimal(105)}


def test_classic_formulas_are_made_of_known_pieces() -> None:
    for formula in formulas().values():
        for line in formula.pieces:
            assert resolve(reference(), line.name).code, f"{formula.name}: {line.name}"
