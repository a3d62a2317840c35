"""The loader refuses each kind of bad data, and says in which file and row it is and why."""

from collections.abc import Callable
from pathlib import Path

import pytest

from suwen.prescribing.reference import BadReference, load
from tests.prescribing.reference.folder import Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "data")


def test_the_copy_itself_is_good_and_has_the_same_version(folder: Folder) -> None:
    from suwen.prescribing.reference import reference

    assert load(folder.path).version == reference().version


Break = Callable[[Folder], None]
OF_PIECES: dict[str, tuple[Break, str, str]] = {
    "a code twice": (lambda f: f.again("pieces.csv", "fuzi", name="别物"), "fuzi", "twice"),
    "a code that is none": (lambda f: f.cells("pieces.csv", "fuzi", code="Fu Zi"), "Fu Zi", "small letters"),
    "no name": (lambda f: f.cells("pieces.csv", "fuzi", name=" "), "fuzi", "name is missing"),
    "a name twice": (lambda f: f.cells("pieces.csv", "baifuzi", name="附子", traditional="", pinyin="fu zi"),
                     "fuzi", "also means"),
    "an alias of two pieces": (lambda f: f.cells("pieces.csv", "baifuzi", aliases="附片"), "baifuzi", "附片 also"),
    "an alias that is another's name": (lambda f: f.cells("pieces.csv", "dahuang", aliases="黄芪"), "huangqi", "黄芪"),
    "an alias in other characters": (lambda f: f.cells("pieces.csv", "dahuang", aliases="黃耆"), "huangqi", "黄耆"),
    "an alias twice": (lambda f: f.cells("pieces.csv", "dahuang", aliases="川军|川军"), "dahuang", "twice"),
    "an empty alias": (lambda f: f.cells("pieces.csv", "dahuang", aliases="川军||将军"), "dahuang", "empty"),
    "pinyin with tones": (lambda f: f.cells("pieces.csv", "fuzi", pinyin="fù zǐ"), "fuzi", "without tones"),
    "pinyin too short": (lambda f: f.cells("pieces.csv", "fuzi", pinyin="fu"), "fuzi", "one syllable"),
    "traditional characters of something else": (
        lambda f: f.cells("pieces.csv", "fuzi", traditional="附物"), "fuzi", "traditional"),
    "made from nothing known": (lambda f: f.cells("pieces.csv", "fabanxia", processed_of="nothing"), "fabanxia",
                                "no piece nothing"),
    "made from another family": (lambda f: f.cells("pieces.csv", "fabanxia", processed_of="fuzi"), "fabanxia",
                                 "another family"),
    "made from itself": (lambda f: f.cells("pieces.csv", "banxia", processed_of="banxia"), "banxia", "itself"),
    "made in a circle": (lambda f: f.cells("pieces.csv", "banxia", processed_of="fabanxia"), "banxia", "itself"),
    "a toxicity that is none": (lambda f: f.cells("pieces.csv", "fuzi", toxicity="剧毒"), "fuzi", "剧毒"),
    "a pregnancy class that is none": (lambda f: f.cells("pieces.csv", "fuzi", pregnancy="no"), "fuzi", "pregnancy"),
    "a method that is none": (lambda f: f.cells("pieces.csv", "fuzi", method="慢煎"), "fuzi", "慢煎"),
    "a flag that is none": (lambda f: f.cells("pieces.csv", "fuzi", raw="maybe"), "fuzi", "raw"),
    "of the toxic order and not toxic": (lambda f: f.cells("pieces.csv", "gancao", toxic_order="yes"), "gancao",
                                         "no toxicity"),
    "banned with a dose": (lambda f: f.cells("pieces.csv", "gancao", banned="so"), "gancao", "banned"),
    "external with a dose to be taken": (lambda f: f.cells("pieces.csv", "gancao", external_only="yes"), "gancao",
                                         "external"),
    "not to be decocted with a dose in decoction": (
        lambda f: f.cells("pieces.csv", "gancao", no_decoction="yes"), "gancao", "decoct"),
    "not to be decocted and decocted first": (
        lambda f: f.cells("pieces.csv", "zhusha", method="先煎"), "zhusha", "may not be decocted"),
    "a plain name of two pieces": (lambda f: f.cells("pieces.csv", "caowu", default_for="乌头"), "caowu", "川乌"),
    "a plain name that is another's": (lambda f: f.cells("pieces.csv", "caowu", default_for="附子"), "fuzi", "草乌"),
    "no source": (lambda f: f.cells("pieces.csv", "fuzi", source=""), "fuzi", "source is missing"),
    "no evidence": (lambda f: f.cells("pieces.csv", "fuzi", evidence=""), "fuzi", "evidence is missing"),
    "evidence that is none": (lambda f: f.cells("pieces.csv", "fuzi", evidence="A"), "fuzi", "evidence"),
    "no version": (lambda f: f.cells("pieces.csv", "fuzi", version=""), "fuzi", "version is missing"),
}  # fmt: skip


@pytest.mark.parametrize("what", OF_PIECES)
def test_pieces(folder: Folder, what: str) -> None:
    change, row, reason = OF_PIECES[what]
    change(folder)
    with pytest.raises(BadReference) as refusal:
        load(folder.path)
    assert refusal.value.file == "pieces.csv"
    assert row in refusal.value.row
    assert reason in refusal.value.reason


OTHERS: dict[str, tuple[Break, str, str, str]] = {
    "a dose of nothing": (lambda f: f.cells("doses.csv", "fuzi", piece="nothing"), "doses.csv", "nothing", "no piece"),
    "a basis that is none": (lambda f: f.cells("doses.csv", "fuzi", basis="per_week"), "doses.csv", "fuzi", "per_week"),
    "low above high": (lambda f: f.cells("doses.csv", "fuzi", low="30"), "doses.csv", "fuzi", "above"),
    "high without low": (lambda f: f.cells("doses.csv", "fuzi", low=""), "doses.csv", "fuzi", "together"),
    "no numbers": (lambda f: f.cells("doses.csv", "fuzi", low="", high=""), "doses.csv", "fuzi", "external"),
    "a dose that is no number": (lambda f: f.cells("doses.csv", "fuzi", high="15g"), "doses.csv", "fuzi", "number"),
    "a dose below nothing": (lambda f: f.cells("doses.csv", "fuzi", low="-3"), "doses.csv", "fuzi", "above nothing"),
    "a dose without end": (lambda f: f.cells("doses.csv", "fuzi", high="Infinity"), "doses.csv", "fuzi", "nothing"),
    "a second dose on one basis": (lambda f: f.again("doses.csv", "fuzi", low="1"), "doses.csv", "fuzi", "twice"),
    "a dose without source": (lambda f: f.cells("doses.csv", "fuzi", source=""), "doses.csv", "fuzi", "source"),
    "a caution of nothing": (lambda f: f.cells("cautions.csv", "zhusha", piece="nothing"), "cautions.csv", "nothing",
                             "no piece"),
    "a condition that is none": (lambda f: f.cells("cautions.csv", "zhusha", condition="tired"), "cautions.csv",
                                 "zhusha", "tired"),
    "a severity that is none": (lambda f: f.cells("cautions.csv", "zhusha", severity="STOP"), "cautions.csv", "zhusha",
                                "STOP"),
    "a caution without words": (lambda f: f.cells("cautions.csv", "zhusha", zh=""), "cautions.csv", "zhusha", "zh"),
    "a caution twice": (lambda f: f.again("cautions.csv", "zhusha"), "cautions.csv", "zhusha", "twice"),
    "a rule about nothing": (lambda f: f.text("incompatible.yaml", "- gansui ", "- gansuii "), "incompatible.yaml",
                             "F18-2", "gansuii"),
    "a rule with a piece twice": (lambda f: f.text("incompatible.yaml", "- haizao ", "- gansui "), "incompatible.yaml",
                                  "F18-2", "twice"),
    "a rule with a piece on both sides": (lambda f: f.text("incompatible.yaml", "- haizao ", "- gancao "),
                                          "incompatible.yaml", "F18-2", "both sides"),
    "a rule twice": (lambda f: f.text("incompatible.yaml", "id: F18-2", "id: F18-1"), "incompatible.yaml", "F18-1",
                     "twice"),
    "a rule of no such name": (lambda f: f.text("incompatible.yaml", "id: F18-2", "id: B2"), "incompatible.yaml", "B2",
                               "F18-1"),
    "a rule with a severity that is none": (
        lambda f: f.text("incompatible.yaml", "severity: BLOCK_OVERRIDE", "severity: BLOCK"), "incompatible.yaml",
        "F18-1", "BLOCK"),
    "a rule without evidence": (lambda f: f.text("incompatible.yaml", "evidence: S", 'evidence: ""'),
                                "incompatible.yaml", "F18-1", "evidence"),
    "a rule with an unknown key": (lambda f: f.text("incompatible.yaml", "severity:", "gravity:"), "incompatible.yaml",
                                   "F18-1", "gravity"),
    "no YAML": (lambda f: f.text("incompatible.yaml", "incompatibilities:", "- ["), "incompatible.yaml", "", "read"),
    "an unknown section": (lambda f: f.text("incompatible.yaml", "incompatibilities:", "pairs:"), "incompatible.yaml",
                           "pairs", "section"),
    "a compound of nothing known": (lambda f: f.text("compounds.yaml", "- chaihu ", "- chaihuu "), "compounds.yaml",
                                    "xiaochaihu", "chaihuu"),
    "a compound with an unknown ingredient": (lambda f: f.text("compounds.yaml", "paracetamol:", "paracetamoll:"),
                                              "compounds.yaml", "vc_yinqiao", "paracetamoll"),
    "milligrams that are none": (lambda f: f.text("compounds.yaml", 'paracetamol: "105"', 'paracetamol: "some"'),
                                 "compounds.yaml", "vc_yinqiao", "number"),
    "a product twice": (lambda f: f.text("compounds.yaml", "code: fuzi_lizhong_wan", "code: xiaochaihu_keli"),
                        "compounds.yaml", "xiaochaihu", "twice"),
    "a product with the code of a piece": (lambda f: f.text("compounds.yaml", "code: fuzi_lizhong_wan", "code: fuzi"),
                                           "compounds.yaml", "fuzi", "twice"),
    "a product of no kind": (lambda f: f.text("compounds.yaml", "kind: compound", "kind: tea"), "compounds.yaml",
                             "xiaochaihu", "tea"),
    "a product without a name": (lambda f: f.text("compounds.yaml", 'name: "Xiao Chai Hu granules"', 'name: ""'),
                                 "compounds.yaml", "xiaochaihu", "name"),
    "an ingredient without source": (lambda f: f.text("medicines.yaml", "source:", "saucer:"), "medicines.yaml",
                                     "paracetamol", "source"),
    "a limit that is none": (lambda f: f.text("medicines.yaml", 'adult_limit: "4000"', 'adult_limit: "lots"'),
                             "medicines.yaml", "paracetamol", "lots"),
    "an allergy to nothing": (lambda f: f.text("allergies.yaml", "members: [amoxicillin,", "members: [amoxi,"),
                              "allergies.yaml", "penicillins", "amoxi"),
    "an allergy that crosses nothing": (lambda f: f.text("allergies.yaml", "crosses: [cephalosporins]",
                                                         "crosses: [nothing]"), "allergies.yaml", "penicil", "nothing"),
    "an interaction with nothing": (lambda f: f.text("interactions.yaml", '"class:interferon"', '"class:magic"'),
                                    "interactions.yaml", "sho-saiko-to", "magic"),
    "an interaction of a formula with nothing in it": (lambda f: f.text("interactions.yaml", "all:chaihu+", "all:x+"),
                                                       "interactions.yaml", "sho-saiko-to", "x"),
    "a character that is two": (lambda f: f.cells("characters.csv", "黃", traditional="黃黃"), "characters.csv", "黃黃",
                                "different characters"),
    "a character that changes on": (lambda f: f.cells("characters.csv", "黃", simplified="烏"), "characters.csv", "黃",
                                    "itself"),
    "a sound with a tone": (lambda f: f.cells("sounds.csv", "元", pinyin="yuán"), "sounds.csv", "元", "tone"),
    "a missing column": (lambda f: f.rows("pieces.csv", lambda rows: rows[0].remove("raw")), "pieces.csv", "line 1",
                         "raw"),
    "an unknown column": (lambda f: f.rows("doses.csv", lambda rows: rows[0].append("colour")), "doses.csv", "line 1",
                          "colour"),
    "columns in another order": (lambda f: f.rows("doses.csv", lambda rows: rows[0].reverse()), "doses.csv", "line 1",
                                 "order"),
    "a row that is too short": (lambda f: f.rows("doses.csv", lambda rows: rows[5].pop()), "doses.csv", "line 6",
                                "cells"),
    "a file that is missing": (lambda f: (f.path / "allergies.yaml").unlink(), "allergies.yaml", "", "read"),
    "a file that is no text": (lambda f: (f.path / "doses.csv").write_bytes(b"\xff\xfe\x00"), "doses.csv", "", "read"),
}  # fmt: skip


@pytest.mark.parametrize("what", OTHERS)
def test_other_files(folder: Folder, what: str) -> None:
    change, file, row, reason = OTHERS[what]
    change(folder)
    with pytest.raises(BadReference) as refusal:
        load(folder.path)
    assert refusal.value.file == file
    assert row in refusal.value.row
    assert reason in refusal.value.reason


def test_production_refuses_what_no_pharmacist_has_reviewed(folder: Folder) -> None:
    with pytest.raises(BadReference, match="no pharmacist has reviewed"):
        load(folder.path, production=True)
    assert load(folder.path, production=True, accept_unreviewed=True).reviewed is False
    assert load(folder.path).reviewed is False


def reviewed(folder: Folder) -> None:
    for file in ("pieces.csv", "doses.csv", "cautions.csv"):

        def sign(rows: list[list[str]]) -> None:
            for row in rows[1:]:
                row[rows[0].index("reviewed_by")] = "Zhao"

        folder.rows(file, sign)
    for path in folder.path.glob("*.yaml"):
        path.write_text(path.read_text("utf-8").replace('reviewed_by: ""', "reviewed_by: Zhao"), "utf-8")


def test_production_takes_what_was_reviewed_and_one_open_row_spoils_it(folder: Folder) -> None:
    reviewed(folder)
    assert load(folder.path, production=True).reviewed
    folder.cells("doses.csv", "fuzi", reviewed_by="")
    with pytest.raises(BadReference) as refusal:
        load(folder.path, production=True)
    assert refusal.value.file == "doses.csv"
    assert "fuzi per_day_decoction" in refusal.value.row


def test_the_version_follows_what_the_files_say(folder: Folder) -> None:
    before = load(folder.path).version
    folder.cells("doses.csv", "fuzi", high="14")
    assert load(folder.path).version != before
