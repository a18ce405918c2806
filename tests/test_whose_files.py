"""Only what we wrote is removed or replaced, links lead nowhere else, and readers keep the version they opened."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest
from report_samples import one_figure, write_notebook
from test_dying import CSV, MAPPING

from cxlib.cli import main
from cxlib.errors import CxError, UsageError
from cxlib.report.run import build_report
from cxlib.store.folder import open_data, reading, replacing
from cxlib.store.locks import leased

Said = tuple[int, str, str]
Cx = Callable[..., Said]
IMPORT = ("import", "mapped", "t.csv", "--mapping", "m.toml", "--into", "small")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "t").mkdir()
    (tmp_path / "data" / "settings.toml").write_text('timezone = "UTC"\n')
    (tmp_path / "t.csv").write_text(CSV)
    (tmp_path / "m.toml").write_text(MAPPING)
    monkeypatch.setenv("CX_HOME", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "t"))
    monkeypatch.setattr("cxlib.questions.figures", one_figure)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def cx(home: Path, capsys: pytest.CaptureFixture[str]) -> Cx:
    def run(*words: str) -> Said:
        status = main(words)
        out, err = capsys.readouterr()
        return status, out, err

    assert run(*IMPORT)[0] == 0
    write_notebook(home, "01_a.ipynb", "print(month)")
    return run


@pytest.fixture
def copied(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """Stand in for the kernels; what is put into the yielded dict fails."""
    failed: dict[str, str] = {}

    def execute(jobs: dict[Path, object], folder: Path, **_: object) -> dict[str, str]:
        for path in jobs:
            shutil.copy(path, folder)
        return dict(failed)

    monkeypatch.setattr("cxlib.report.kernels.execute", execute)
    monkeypatch.setattr("vl_convert.javascript_bundle", lambda *_: "vega")
    yield failed


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def hidden(home: Path) -> list[str]:
    return [str(path) for name in ("data", "reports") for path in (home / name).rglob(".*")] + [
        str(path) for path in (home / "t").iterdir()
    ]


@pytest.mark.parametrize(
    "files",
    [
        {"report.json": "{}", "thesis.docx": "years"},
        {"report.json": '{"data": "small", "month": "2026-10", "stamp": "", "failed": {}}', "index.html": "mine"},
        {"letter.txt": "dear"},
        {"deep/er/letter.txt": "dear"},
        {"report.json": '{"contents": {"a.txt": "1 abc"}}', "a.txt": "b"},
        {"report.json": '{"contents": []}', "a.txt": "b"},
        {"manifest.json": '{"sources": ["demo"], "contents": {}}', "tickets.parquet": "b"},
    ],
)
@pytest.mark.usefixtures("copied")
def test_a_folder_with_files_that_no_report_wrote_stops_the_run(cx: Cx, home: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (home / "mine" / name).parent.mkdir(parents=True, exist_ok=True)
        (home / "mine" / name).write_text(text)
    before = everything(home / "mine")
    status, _, err = cx("report", "small", "--out", "mine")
    assert status == 2
    assert "no report" in err
    assert err.count("\n") == 1
    assert everything(home / "mine") == before
    assert hidden(home) == []


@pytest.mark.parametrize("how", ["added", "changed", "linked", "folder"])
@pytest.mark.usefixtures("copied")
def test_what_a_user_put_into_a_report_stops_the_next_one(cx: Cx, home: Path, how: str) -> None:
    assert cx("report", "small", "--out", "mine")[0] == 0
    assert cx("report", "small", "--out", "mine")[0] == 0
    (home / "other").mkdir()
    (home / "other" / "letter.txt").write_text("dear")
    if how == "added":
        (home / "mine" / "rows.xlsx").write_text("x")
    elif how == "changed":
        (home / "mine" / "figures.csv").write_text("x")
    elif how == "linked":
        (home / "mine" / "other").symlink_to(home / "other")
    else:
        (home / "mine" / "empty").mkdir()
    before = everything(home / "mine")
    status, _, err = cx("report", "small", "--out", "mine")
    assert status == 2
    assert "no report" in err
    assert everything(home / "mine") == before
    assert (home / "other" / "letter.txt").read_text() == "dear"


@pytest.mark.usefixtures("copied")
def test_what_file_managers_and_make_leave_does_not_stop_a_report(cx: Cx, home: Path) -> None:
    for _ in range(2):
        assert cx("report", "small", "--out", "mine")[0] == 0
        (home / "mine" / ".DS_Store").write_text("x")
    assert "version " in json.loads((home / "mine" / "report.json").read_text())["stamp"]


@pytest.mark.usefixtures("copied")
def test_a_file_added_while_a_report_is_built_stops_it(cx: Cx, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cx("report", "small", "--out", "mine")[0] == 0
    before = everything(home / "mine")

    def execute(*_: object, **__: object) -> dict[str, str]:
        (home / "mine" / "letter.txt").write_text("dear")
        return {}

    monkeypatch.setattr("cxlib.report.kernels.execute", execute)
    status, _, err = cx("report", "small", "--out", "mine")
    assert status == 1
    assert "letter.txt in" in err
    assert everything(home / "mine") == before | {"letter.txt": b"dear"}


def test_a_report_with_failed_pages_is_kept_beside_a_whole_one_and_goes_with_the_next(
    cx: Cx, home: Path, copied: dict[str, str]
) -> None:
    reports = home / "reports" / "small"
    assert cx("report", "small")[0] == 0
    whole = everything(reports / "2026-10")
    copied["01_a.ipynb"] = "ValueError: no"
    status, out, err = cx("report", "small")
    assert status == 1
    assert out.strip() == "Report: reports/small/2026-10.failed/index.html"
    assert "reports/small/2026-10/index.html is whole and stays" in err
    assert everything(reports / "2026-10") == whole
    assert json.loads((reports / "2026-10.failed" / "report.json").read_text())["failed"] == copied
    assert cx("report", "small")[0] == 1
    copied.clear()
    assert cx("report", "small")[0] == 0
    assert sorted(path.name for path in reports.iterdir()) == ["2026-10", "index.html"]


def test_a_failed_report_takes_the_place_of_a_failed_one(cx: Cx, copied: dict[str, str]) -> None:
    copied["01_a.ipynb"] = "ValueError: no"
    for _ in range(2):
        status, out, _ = cx("report", "small")
        assert (status, out) == (1, "Report: reports/small/2026-10/index.html\n")


def test_a_report_reads_the_version_it_began_with_while_imports_replace_it(cx: Cx, home: Path) -> None:
    note = home / "go"
    ask = """
    import cxlib as cx, time, pathlib, os
    query = cx.query(data, month=month)
    home = pathlib.Path(os.environ["CX_HOME"])
    (home / f"began-{os.getpid()}").touch()
    while not (home / "go").exists():
        time.sleep(0.05)
    query = cx.query(data, month=month)
    print("tickets:", query.data.scan("tickets").collect().height, query.data.settings.timezone, query.data.name)
    """
    for name in ("01_a.ipynb", "02_b.ipynb"):
        write_notebook(home, name, ask)
    process = subprocess.Popen([sys.executable, "-c", RUN], stderr=subprocess.PIPE, text=True)
    while not list(home.glob("began-*")):
        assert process.poll() is None, process.stderr and process.stderr.read()
    (home / "t.csv").write_text(CSV + "3,2026-10-06 10:02,\n4,2026-10-07 10:02,\n")
    (home / "data" / "settings.toml").write_text('timezone = "Asia/Tokyo"\n')
    assert cx(*IMPORT)[0] == 0
    assert cx(*IMPORT)[0] == 0
    note.touch()
    _, said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    folder = home / "reports" / "small" / "2026-10"
    for name in ("01_a.html", "02_b.html"):
        assert "tickets: 2 UTC small" in (folder / name).read_text()
    assert open_data("small").scan("tickets").collect().height == 4
    assert hidden(home) == []
    for path in folder.rglob("*.*"):
        assert b".reading" not in path.read_bytes(), path


RUN = """
import os, polars, cxlib.questions, tempfile
tempfile.tempdir = os.environ["CX_HOME"] + "/t"
cxlib.questions.figures = lambda query, months, by="": polars.DataFrame({"metric": ["csat"]})
from cxlib.report.run import build_report
assert build_report("small", progress=False).failed == {}
"""


def test_data_opened_before_an_import_say_so_instead_of_mixing(cx: Cx) -> None:
    before = open_data("small")
    assert cx(*IMPORT)[0] == 0
    assert cx(*IMPORT)[0] == 0
    with pytest.raises(CxError, match="were replaced since they were opened"):
        before.scan("tickets")


def test_held_data_of_dead_readers_are_removed_and_living_ones_stay(cx: Cx, home: Path) -> None:
    code = "from cxlib.store.folder import reading; import os\nwith reading('small'): os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", code], check=False)
    assert len(list((home / "data").glob(".small.reading-*"))) == 1
    with reading("small") as held:
        assert [held.folder.parent] == list((home / "data").glob(".small.reading-*"))
        cx("check", "small")
        assert held.scan("tickets").collect().height == 2
    assert hidden(home) == []


def test_an_import_keeps_what_a_user_put_into_the_folder(cx: Cx, home: Path) -> None:
    mine = home / "data" / "small"
    (mine / "notes" / "of").mkdir(parents=True)
    (mine / "notes" / "of" / "mine.txt").write_text("dear")
    (mine / "notes" / "link").symlink_to("of/mine.txt")
    (mine / "settings.toml").write_text('timezone = "Asia/Tokyo"\n')
    for words in (IMPORT, ("derive", "small"), ("derive", "small/../small"), ("derive", "data/small/../small")):
        assert cx(*words)[0] == 0
        assert (mine / "notes" / "link").read_text() == "dear"
        assert (mine / "notes" / "link").is_symlink()
        assert (mine / "settings.toml").read_text() == 'timezone = "Asia/Tokyo"\n'
    assert hidden(home) == []


@pytest.mark.usefixtures("cx")
def test_what_a_user_changes_during_an_import_is_kept(home: Path) -> None:
    mine = home / "data" / "small"
    (mine / "notes.txt").write_text("dear")
    (mine / "old.txt").write_text("old")
    with replacing(mine, keep=True) as aside:
        (mine / "notes.txt").write_text("dearest")
        (mine / "new.txt").write_text("new")
        (mine / "old.txt").unlink()
        (aside / "replies.parquet").write_text("ours")
    told = {path.name: path.read_text() for path in mine.glob("*.txt")}
    assert told == {"notes.txt": "dearest", "new.txt": "new"}
    assert (mine / "replies.parquet").read_text() == "ours"


def test_a_users_file_of_a_tables_name_is_not_replaced(cx: Cx, home: Path) -> None:
    mine = home / "data" / "fresh"
    mine.mkdir()
    pl.DataFrame({"a": [1]}).write_parquet(mine / "tickets.parquet")
    (mine / "manifest.json").write_text('{"name": "a web page"}')
    before = everything(mine)
    status, _, err = cx(*IMPORT[:-1], "fresh")
    assert (status, everything(mine)) == (1, before)
    assert "lacks the required column" in err


def test_the_demo_keeps_settings_and_refuses_other_files(cx: Cx, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = home / "data" / "demo"

    def build(aside: Path, **_: object) -> None:
        pl.DataFrame({"ticket_id": ["1"], "created_at": ["2026-10-03T09:15:00Z"]}).with_columns(
            pl.col("created_at").str.to_datetime(time_zone="UTC")
        ).write_parquet(aside / "tickets.parquet")
        (aside / "settings.toml").write_text('timezone = "Europe/Warsaw"\n')
        (aside / "manifest.json").write_text('{"sources": ["demo"]}')

    monkeypatch.setattr("cxlib.demo.build_demo", build)
    assert cx("demo")[0] == cx("demo")[0] == 0
    (folder / ".code").write_text("made by make")
    assert cx("demo")[0] == 0
    (folder / "settings.toml").write_text('timezone = "Asia/Tokyo"\n')
    for _ in range(2):
        status, out, _ = cx("demo")
        assert (status, "Kept data/demo/settings.toml" in out) == (0, True)
        assert (folder / "settings.toml").read_text() == 'timezone = "Asia/Tokyo"\n'
        assert json.loads((folder / "manifest.json").read_text())["timezone"] == "Asia/Tokyo"
    (folder / "notes.txt").write_text("dear")
    before = everything(folder)
    status, _, err = cx("demo")
    assert (status, everything(folder)) == (2, before)
    assert "notes.txt" in err


def test_a_data_set_behind_a_link_is_imported_into_again_and_again(cx: Cx, home: Path) -> None:
    (home / "disk").mkdir()
    (home / "data" / "small").rename(home / "disk" / "big")
    (home / "data" / "small").symlink_to(home / "disk" / "big")
    for number in range(3):
        (home / "t.csv").write_text(f"{CSV}{number + 5},2026-10-06 10:02,\n")
        assert cx(*IMPORT)[0] == 0
        assert cx("derive", "small")[0] == 0
        assert open_data("small").name == "small"
    assert (home / "data" / "small").is_symlink()
    assert [path.name for path in (home / "disk").iterdir()] == ["big"]
    assert [path.name for path in (home / "data").glob(".*")] == []


def test_a_table_that_lies_elsewhere_is_never_written_through_its_link(cx: Cx, home: Path) -> None:
    tickets = home / "data" / "small" / "tickets.parquet"
    elsewhere = home / "elsewhere.parquet"
    tickets.rename(elsewhere)
    tickets.symlink_to("../../elsewhere.parquet")
    before = elsewhere.read_bytes()
    assert cx(*IMPORT)[0] == 0
    assert cx("derive", "small")[0] == 0
    assert elsewhere.read_bytes() == before


def test_leftovers_are_no_data_sets(cx: Cx, home: Path) -> None:
    for name in (".small.new", ".small.writing/new/small"):
        shutil.copytree(home / "data" / "small", home / "data" / name)
    status, _, err = cx("figures", "nosuch")
    assert status == 2
    assert "There are: small." in err


def test_what_an_earlier_version_left_is_put_back(cx: Cx, home: Path) -> None:
    folder = home / "data" / "small"
    before = everything(folder)
    shutil.copytree(folder, home / "data" / ".small.new")
    folder.rename(home / "data" / ".small.old")
    assert cx("check", "small")[0] == 0
    assert everything(folder) == before
    assert hidden(home) == []


@pytest.mark.parametrize("what", ["lock", "place"])
def test_a_link_where_a_lock_belongs_is_refused_and_not_followed(cx: Cx, home: Path, what: str) -> None:
    victim = home / "victim"
    place = home / "data" / ".small.writing"
    if what == "lock":
        victim.write_text("years of work")
        place.mkdir()
        (place / "lock").symlink_to(victim)
    else:
        victim.mkdir()
        (victim / "new").mkdir()
        (victim / "new" / "thesis").write_text("years of work")
        place.symlink_to(victim)
    before = victim.read_text() if what == "lock" else everything(victim)
    status, _, err = cx("derive", "small")
    assert status == 1
    assert "remove it" in err
    assert (victim.read_text() if what == "lock" else everything(victim)) == before


def test_a_dead_run_leaves_no_temporary_folder_to_the_next_and_a_living_one_keeps_its_own(home: Path) -> None:
    place = home / "t"
    code = f"from cxlib.store.locks import *; import os\nwith leased(Path({str(place)!r}), 'cxlib-') as f:"
    code += " (f / 'socket').touch(); (f / 'x').mkdir(); os.kill(os.getpid(), 9)"
    for _ in range(3):
        subprocess.run([sys.executable, "-c", code], check=False)
    (place / "cxlib-00000000").mkdir()  # of one that died before it held anything
    (place / "cxlib-notes").write_text("no folder of a run")
    with leased(place, "cxlib-") as one, leased(place, "cxlib-") as two:
        assert {path.name for path in place.iterdir()} == {one.name, two.name, "cxlib-notes"}
    assert [path.name for path in place.iterdir()] == ["cxlib-notes"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="needs a second user")
@pytest.mark.usefixtures("cx")
def test_a_second_user_with_rights_can_lock_and_take_over(home: Path) -> None:
    for folder in (home, *home.parents):
        if folder.stat().st_uid == 0 and str(folder).startswith("/tmp/") and folder != Path("/tmp"):
            folder.chmod(folder.stat().st_mode | 0o055)
    for folder in (home / "data", home / "data" / "small", home / "data" / "small" / "given"):
        folder.chmod(0o777)
    code = "from cxlib.store.folder import *; import os\nwith replacing(Path('data/small')): os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", code], check=False, cwd=home)
    assert (home / "data" / ".small.writing" / "lock").exists()
    try:
        os.seteuid(65534)
        with replacing(Path("data/small"), keep=True) as aside:
            (aside / "replies.parquet").touch()
    finally:
        os.seteuid(0)
    assert (home / "data" / "small" / "replies.parquet").exists()


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="needs to mount a small disk")
@pytest.mark.parametrize("disk", ["full", "read-only"])
def test_a_full_or_read_only_disk_says_so_and_changes_nothing(cx: Cx, home: Path, disk: str) -> None:
    saved = home / "saved"
    shutil.copytree(home / "data", saved)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "cx", home / "data"], check=False)
    if mounted.returncode:
        pytest.skip("mounting is not allowed here")
    try:
        shutil.copytree(saved, home / "data", dirs_exist_ok=True)
        if disk == "full":
            free = shutil.disk_usage(home / "data").free
            (home / "data" / "ballast").write_bytes(bytes(max(0, free - 20_000)))
        else:
            subprocess.run(["mount", "-o", "remount,ro", home / "data"], check=True)
        before = everything(home / "data" / "small")
        for words in (IMPORT, ("derive", "small")):
            status, _, err = cx(*words)
            assert status == 1
            assert ("The disk is full" if disk == "full" else "Read-only") in err
            assert "what was there before is unchanged" in err
            assert err.count("\n") == 1
        assert everything(home / "data" / "small") == before
        assert cx("check", "small")[0] == 0
        assert [path.name for path in (home / "data").glob(".*")] == []
    finally:
        subprocess.run(["umount", "-l", home / "data"], check=True)


@pytest.mark.usefixtures("cx")
def test_a_second_report_of_the_same_month_is_refused(home: Path) -> None:
    with replacing(home / "mine"), pytest.raises(CxError, match="Another run is writing 'mine'"):
        build_report("small", out=home / "mine", progress=False)


@pytest.mark.usefixtures("cx")
def test_a_list_of_months_that_is_not_ours_is_not_replaced(home: Path) -> None:
    (home / "reports" / "small").mkdir(parents=True)
    (home / "reports" / "small" / "index.html").write_text("my page")
    with pytest.raises(UsageError, match="no list of reports"):
        build_report("small", progress=False)
    assert everything(home / "reports") == {"small/index.html": b"my page"}
