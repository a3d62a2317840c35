"""What the person who keeps the data does at the terminal: look, confirm, take in the hospital's own list."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from suwen import app, cli
from suwen.prescribing.formulas import formulas
from suwen.prescribing.jurisdictions import jurisdictions
from suwen.prescribing.reference import DATA, BadReference, load, reference, use
from suwen.prescribing.reference.commands import state
from suwen.prescribing.rules.resolver import resolve
from suwen.settings import Settings


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SUWEN_DATA_DIR", str(tmp_path / "var"))
    return tmp_path / "var" / "reference"


def suwen(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    cli.main(["reference", *map(str, words)])
    return capsys.readouterr().out


def refused(*words: object) -> str:
    with pytest.raises(SystemExit) as refusal:
        cli.main(["reference", *map(str, words)])
    return str(refusal.value.code)


def test_check_counts_what_is_there_and_what_waits(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = suwen(capsys, "check")
    assert reference().version in said
    assert f"{len(reference().pieces)} pieces" in said
    assert "doses.csv: " in said
    for file, rows in (("formulas.yaml", len(formulas())), ("jurisdictions.yaml", len(jurisdictions()))):
        assert f"{file}: {rows} of {rows} rows wait for a pharmacist's review." in said


def test_formulas_and_laws_are_confirmed_like_any_row(own: Path, tmp_path: Path, capsys) -> None:
    sheet = tmp_path / "sheet.csv"
    suwen(capsys, "list", "--unreviewed", "--sheet", sheet)
    says = {line["row"]: line["says"] for line in sheet_of(sheet) if line["file"] == "formulas.yaml"}
    assert "君 柴胡 9" in says["xiaoyao"]
    confirm(sheet, "xiaoyao", "CN")
    assert suwen(capsys, "review", sheet, "--by", "赵药师").startswith("2 rows")
    said, rows = suwen(capsys, "check"), len(formulas())
    assert f"formulas.yaml: {rows - 1} of {rows} rows" in said
    assert f"jurisdictions.yaml: {len(jurisdictions()) - 1} of" in said


def test_check_refuses_a_folder_with_a_fault(own: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "doses.csv").write_text(
        "piece,basis,low,high,note,source,edition,evidence,reviewed_by,version\n"
        "fuzi,per_day_decoction,9,3,,Our pharmacy,,S,,1\n"
    )
    assert refused("check", folder) == "mine/doses.csv, line 2 (fuzi per_day_decoction): low 9 is above high 3"
    assert "is no folder" in refused("check", tmp_path / "nowhere")


def test_rows_of_ones_own_stand_in_for_those_of_the_release(tmp_path: Path) -> None:
    own = tmp_path / "reference"
    own.mkdir()
    (own / "doses.csv").write_text(
        "piece,basis,low,high,note,source,edition,evidence,reviewed_by,version\n"
        "fuzi,per_day_decoction,3,10,,Our pharmacy,,S,Zhao,1\n"
    )
    found = load(DATA, own=own)
    (dose,) = found.pieces["fuzi"].doses
    assert (dose.high, dose.provenance.reviewed_by) == (10, "Zhao")
    assert found.version != reference().version


def test_incompatibilities_may_be_added_and_not_changed(tmp_path: Path) -> None:
    own = tmp_path / "reference"
    own.mkdir()
    rule = (
        "incompatibilities:\n  - {id: %s, severity: WARN, zh: 一, en: one, left: [dahuang], right: [haizao], "
        "source: ours, evidence: S, version: 1}\n"
    )
    (own / "incompatible.yaml").write_text(rule % "X-1")
    assert [one.id for one in load(DATA, own=own).incompatibilities][-1] == "X-1"
    (own / "incompatible.yaml").write_text(rule % "F18-2")
    with pytest.raises(BadReference, match=r"F18-2.*may not be changed"):
        load(DATA, own=own)


def sheet_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def confirm(path: Path, *rows: str) -> None:
    lines = sheet_of(path)
    for line in lines:
        line["ok"] = "是" if line["row"] in rows else ""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, lines[0].keys())
        writer.writeheader()
        writer.writerows(lines)


def test_a_pharmacist_confirms_rows_by_a_sheet(own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sheet = tmp_path / "sheet.csv"
    suwen(capsys, "list", "--unreviewed", "--sheet", sheet)
    before = sheet_of(sheet)
    assert next(line["says"] for line in before if line["row"] == "fuzi per_day_decoction").startswith("piece: 附子")
    confirm(sheet, "fuzi per_day_decoction", "paracetamol", "F18-1")
    assert suwen(capsys, "review", sheet, "--by", "赵药师").startswith("3 rows")

    found = load(DATA, own=own)
    by = {dose.basis: dose.provenance.reviewed_by for dose in found.pieces["fuzi"].doses}
    assert by == {"per_day_decoction": "赵药师"}
    assert found.ingredients["paracetamol"].provenance.reviewed_by == "赵药师"
    assert found.incompatibilities[0].provenance.reviewed_by == "赵药师"
    assert found.version == reference().version, "a review changes nothing of what the rules say"
    suwen(capsys, "list", "--unreviewed", "--sheet", sheet)
    assert len(sheet_of(sheet)) == len(before) - 3


def test_a_review_ends_when_the_row_says_something_else(
    own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = tmp_path / "sheet.csv"
    suwen(capsys, "list", "--sheet", sheet)
    confirm(sheet, "fuzi per_day_decoction")
    suwen(capsys, "review", sheet, "--by", "Zhao")
    (own / "doses.csv").write_text(
        "piece,basis,low,high,note,source,edition,evidence,reviewed_by,version\n"
        "fuzi,per_day_decoction,3,30,,Our pharmacy,,S,,1\n"
    )
    assert load(DATA, own=own).pieces["fuzi"].doses[0].provenance.reviewed_by == ""
    noted = (own / "reviews.csv").read_text()
    assert "says something else" in refused("review", sheet, "--by", "Zhao")
    assert (own / "reviews.csv").read_text() == noted


def test_when_everything_is_confirmed_production_takes_it(
    own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = tmp_path / "sheet.csv"
    suwen(capsys, "list", "--sheet", sheet)
    confirm(sheet, *(line["row"] for line in sheet_of(sheet)))
    suwen(capsys, "review", sheet, "--by", "Zhao")
    assert load(DATA, production=True, own=own).reviewed
    settings = replace(Settings.from_environment(), production=True)
    assert state(settings).state == "ok"
    assert state(replace(settings, data_dir=tmp_path)).state == "bad"
    assert state(replace(settings, data_dir=tmp_path, unreviewed_reference=True)).state == "note"


HOSPITAL = "药品编码,药品名称,别名\nH001,白术,浙白术、种白术\nH002,醋没药,\nH003,黄芪(北),\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_hospitals_own_list(own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], encoding: str) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(HOSPITAL.encode(encoding))
    said = suwen(capsys, "import", file, "--by", "Zhao")
    assert "3 lines, 4 new names, 1 not known" in said
    assert "not known: 黄芪(北) (close: 黄芪" in said
    found = load(DATA, own=own)
    assert {typed: resolve(found, typed).name for typed in ("H001", "种白术", "H002", "H003")} == {
        "H001": "白术", "H002": "醋没药", "种白术": "白术", "H003": "",
    }  # fmt: skip
    assert "0 new names" in suwen(capsys, "import", file, "--by", "Zhao"), "once more adds nothing"


def test_a_list_may_say_itself_which_piece_is_meant(
    own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "list.csv"
    file.write_text("Artikel;Standard\n黄芪(北);黄芪\n北芪片;huangqi\n")
    said = suwen(capsys, "import", file, "--map", "name=Artikel", "--map", "piece=Standard")
    assert "2 lines, 2 new names, 0 not known" in said
    assert resolve(load(DATA, own=own), "北芪片").name == "黄芪"


@pytest.mark.parametrize(
    ("text", "words", "reason"),
    [
        ("name,aliases\n白附子,附片\n", (), "附片 already means 附子, and here it would mean 白附子"),
        ("name,aliases\n白术,怪名\n苍术,怪名\n", (), "怪名"),
        ("drug\n白术\n", (), "no column 'name'"),
        ("name\n白术\n", ("--map", "name=药名"), "no column '药名'"),
        ("name\n白术\n", ("--map", "colour=name"), "nothing called colour"),
    ],
)
def test_a_list_that_contradicts_is_refused_and_nothing_is_written(
    own: Path, tmp_path: Path, text: str, words: tuple[str, ...], reason: str
) -> None:
    file = tmp_path / "list.csv"
    file.write_text(text)
    assert reason in refused("import", file, *words)
    assert not own.exists()


def test_a_server_in_production_does_not_start_on_unreviewed_data(tmp_path: Path) -> None:
    settings = Settings.from_environment({
        "SUWEN_PRODUCTION": "1", "SUWEN_SECRET": "s" * 40, "SUWEN_BASE_URL": "https://clinic.example",
        "SUWEN_FIELD_KEYS": "k1:" + "A" * 43 + "=", "SUWEN_DATA_DIR": str(tmp_path),
    })  # fmt: skip
    try:
        with pytest.raises(SystemExit, match="no pharmacist has reviewed"):
            app.create_app(settings)
        app.create_app(replace(settings, unreviewed_reference=True))
        assert not reference().reviewed
    finally:
        use(Settings.from_environment({"SUWEN_DATA_DIR": str(tmp_path)}))
