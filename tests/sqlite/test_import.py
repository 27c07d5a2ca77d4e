"""`store import`: what it takes, what it refuses, what it says of either."""

from __future__ import annotations

import gzip
import io
import json
import random
import tarfile
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.service.stores.sqlite.archive import ALWAYS_EXPANDED_BYTES, ImportRefused, read_lines
from tests import world
from tests.sqlite.conftest import Run

Write = Callable[..., str]
Exported = Callable[[], list[Any]]


@pytest.fixture
def exported(run: Run, tmp_path: Path) -> Exported:
    """The documents in the store."""

    def exported() -> list[Any]:
        assert run("export", "out.ndjson").exit_code == 0
        return [json.loads(each) for each in (tmp_path / "out.ndjson").read_text().splitlines()]

    return exported


def test_an_import_again_changes_nothing(run: Run, write: Write) -> None:
    file = write(*world.club())
    run("import", file)
    done = run("import", file)
    assert f"0 documents added, 0 replaced, {len(world.club())} left" in done.stdout


@pytest.mark.parametrize(
    ("options", "code", "name"),
    [([], 1, "Ada"), (["--missing"], 0, "Ada"), (["--replace"], 0, "Other")],
    ids=str,
)
def test_what_differs_is_refused_skipped_or_replaced(
    run: Run, write: Write, exported: Exported, options: list[str], code: int, name: str
) -> None:
    run("import", write(world.user("runner-ada", "runner")))
    changed = world.user("runner-ada", "runner", name="Other")
    done = run("import", *options, write(world.user("runner-new", "runner"), changed))
    assert done.exit_code == code
    assert [each["name"] for each in exported()] == [name, "New"][: 2 - code]
    if code:
        assert "line 2: runner-ada is in the store already" in done.stderr


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ("1", "true", False),
        ("0", "false", False),
        ("[1, {}]", "[true, {}]", False),
        ('{"a": 0}', '{"a": false}', False),
        ("1", "1.0", True),
        ("100", "1e2", True),
        ("1", '"1"', False),
        ("null", "false", False),
        ("[]", "{}", False),
        ("[1, 2]", "[1]", False),
        ('{"a": 1, "b": 2}', '{"b": 2, "a": 1}', True),
        ('{"a": null}', "{}", False),
        ("123456789012345678901", "123456789012345678902", False),
        (f"{'[' * 400}1{']' * 400}", f"{'[' * 400}true{']' * 400}", False),
    ],
)
def test_values_differ_as_json_values_do(
    run: Run, write: Write, before: str, after: str, same: bool
) -> None:
    document = '{"_id": "a", "_type": "user", "x": %s}'
    run("import", write(document % before))
    done = run("import", "--replace", write(document % after))
    counts = "0 replaced, 1 left" if same else "1 replaced, 0 left"
    assert counts in done.stdout, done.output


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '{"_id": "a"}',
        '{"_type": "user"}',
        '{"_id": "a", "_type": ""}',
        '{"_id": "a", "_type": null}',
        '{"_id": "a", "_id": "b", "_type": "user"}',
        '{"_id": "a", "_type": "user", "x": NaN}',
        '{"_id": "runner-ada", "_type": "user"}',
        "not json",
        f"{'[' * 100_000}",
    ],
    ids=lambda line: line[:40],
)
def test_a_broken_line_is_named_and_nothing_is_loaded(
    run: Run, write: Write, exported: Exported, line: str
) -> None:
    first = world.user("runner-ada", "runner")
    done = run("import", write(first, "", line, world.user("runner-bo", "runner")))
    assert done.exit_code == 1
    assert "line 3: " in done.stderr
    assert "Nothing was imported" in done.stderr
    assert "Traceback" not in done.stderr
    assert exported() == []


@pytest.mark.parametrize(
    "id_",
    [
        "",
        "a b",
        5,
        "a..b",
        "a.-b",
        "-a",
        "..",
        ".",
        ".a",
        "a.",
        "drafts.",
        "versions.",
        "drafts.-a",
        "a" * 129,
        "a\n",
        "ä",
    ],
    ids=str,
)
def test_an_id_that_sanity_refuses_is_refused(run: Run, write: Write, id_: Any) -> None:
    done = run("import", write({"_id": id_, "_type": "user"}))
    assert done.exit_code == 1
    assert "line 1: no _id that Sanity takes" in done.stderr


@pytest.mark.parametrize("id_", ["a", "_.groups.x", "drafts.a-", "versions.r1.A_b", "a" * 128])
def test_an_id_that_sanity_takes_is_taken(run: Run, write: Write, id_: str) -> None:
    assert run("import", write({"_id": id_, "_type": "user"})).exit_code == 0


def test_what_is_no_text_is_left_out_and_told(run: Run, write: Write, exported: Exported) -> None:
    done = run(
        "import",
        write(
            '{"_id": "a", "_type": "user", "name": "Ada \\ud83d"}',
            '{"_id": "b", "_type": "user", "name": "Bo \\ud83d\\ude00 \\u00e9 \\\\ud83d"}',
            '{"_id": "c", "_type": "user", "name": "C\\u0000y"}',
        ),
    )
    assert done.exit_code == 0, done.stderr
    assert [each["name"] for each in exported()] == ["Ada ", "Bo 😀 é \\ud83d", "Cy"]
    assert "line 1: a is kept without" in done.stderr
    assert "line 2" not in done.stderr
    assert "line 3: c is kept without" in done.stderr


def test_of_many_remarks_the_first_are_shown(run: Run, write: Write) -> None:
    users = [world.user(f"runner-u{each}", "runner", name="\ud83d") for each in range(50)]
    done = run("import", write(*users))
    assert "line 20: " in done.stderr
    assert "line 21: " not in done.stderr
    assert "and 30 more" in done.stderr


def test_bytes_that_are_no_utf_8_are_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in.ndjson").write_bytes(b'{"_id": "a", "_type": "user", "name": "\xe9 \\u0000"}')
    done = run("import", "in.ndjson")
    assert done.exit_code == 1
    assert "line 1: not UTF-8" in done.stderr


def test_a_byte_order_mark_is_taken_and_told(run: Run, tmp_path: Path, exported: Exported) -> None:
    first, second = (msgspec.json.encode(world.user(each, "runner")) for each in ("r-ada", "r-bo"))
    (tmp_path / "in.ndjson").write_bytes(BOM_UTF8 + first + b"\r\n" + BOM_UTF8 + second)
    done = run("import", "in.ndjson")
    assert done.exit_code == 0, done.stderr
    assert "line 1: a byte order mark" in done.stderr
    assert "line 2: a byte order mark" in done.stderr
    assert [each["_id"] for each in exported()] == ["r-ada", "r-bo"]


def test_a_missing_file_is_told(run: Run) -> None:
    done = run("import", "nothing.ndjson")
    assert done.exit_code == 2
    assert "No such file" in done.stderr


def test_with_sanity_the_data_is_not_here(run: Run) -> None:
    done = run("import", "-", SANITY_PROJECT_ID="abc", SANITY_API_TOKEN="x")
    assert done.exit_code == 1
    assert "sanity dataset import" in done.stderr


NDJSON = b"".join(msgspec.json.encode(each) + b"\n" for each in world.club())
FOLDER = "production-export-2026-01-05t08-00-00-000z"


def packed(*members: tuple[str, bytes], **options: Any) -> bytes:
    """A gzipped tar file with these files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", **options) as archive:
        for name, content in members:
            about = tarfile.TarInfo(name)
            about.size = len(content)
            archive.addfile(about, io.BytesIO(content))
    return gzip.compress(buffer.getvalue(), mtime=0)


EXPORT = packed(
    (f"{FOLDER}/data.ndjson", NDJSON),
    (f"{FOLDER}/assets.json", b"{}"),
    (f"{FOLDER}/files/a.pdf", b"%PDF"),
    (f"{FOLDER}/images/b.png", b"PNG"),
)


class TestArchives:
    @pytest.fixture
    def import_bytes(self, run: Run, tmp_path: Path) -> Callable[[bytes], Any]:
        def import_bytes(content: bytes) -> Any:
            (tmp_path / "in.tar.gz").write_bytes(content)
            done = run("import", "in.tar.gz")
            assert {each.name for each in tmp_path.iterdir()} <= {
                *("in.tar.gz", "out.ndjson"),
                *("store.db", "store.db-wal", "store.db-shm"),
            }
            assert "Traceback" not in done.output
            return done

        return import_bytes

    @pytest.mark.parametrize(
        "content",
        [
            gzip.compress(NDJSON),
            gzip.compress(BOM_UTF8 + NDJSON),
            packed(("data.ndjson", NDJSON)),
            packed((f"./{FOLDER}/data.ndjson", NDJSON), format=tarfile.GNU_FORMAT),
            packed((f"{'x' * 150}/data.ndjson", NDJSON), format=tarfile.PAX_FORMAT),
            packed((f"{FOLDER}/images/data.ndjson", b"x"), (f"{FOLDER}/data.ndjson", NDJSON)),
        ],
        ids=["gzip", "gzip-bom", "flat", "gnu", "pax", "asset-first"],
    )
    def test_every_way_of_packing_is_taken(
        self, import_bytes: Callable[[bytes], Any], exported: Exported, content: bytes
    ) -> None:
        done = import_bytes(content)
        assert done.exit_code == 0, done.stderr
        assert exported() == world.club()

    def test_assets_are_named_as_ignored(self, import_bytes: Callable[[bytes], Any]) -> None:
        done = import_bytes(EXPORT)
        assert f"{len(world.club())} documents added" in done.stdout
        assert "assets (2 files) were ignored" in done.stderr

    def test_an_archive_may_come_through_a_pipe(self, type_in: Run) -> None:
        done = type_in("import", "-", input=EXPORT, text=False)
        assert f"{len(world.club())} documents added" in done.stdout.decode(), done.stderr

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (gzip.compress(b"PK\3\4"), "neither NDJSON nor an archive"),
            (packed(("x/other.ndjson", NDJSON)), "no data.ndjson"),
            (packed(("x/y/data.ndjson", NDJSON)), "no data.ndjson"),
            (packed(("a/data.ndjson", NDJSON), ("b/data.ndjson", b"")), "exactly one"),
            (EXPORT[: len(EXPORT) // 2], "cannot be read to its end"),
            (EXPORT[:-4], "cannot be read to its end"),
            (gzip.compress(NDJSON)[:-9], "cannot be read to its end"),
            (b"\x1f\x8b garbage", "cannot be read to its end"),
        ],
        ids=["zip", "none", "deep", "two", "half", "tail", "gzip-half", "garbage"],
    )
    def test_a_broken_archive_is_refused_in_words(
        self,
        import_bytes: Callable[[bytes], Any],
        exported: Exported,
        content: bytes,
        reason: str,
    ) -> None:
        done = import_bytes(content)
        assert done.exit_code == 1
        assert reason in done.stderr
        assert "Nothing was imported" in done.stderr
        assert exported() == []

    @pytest.mark.parametrize("type_", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE])
    def test_no_link_is_followed(
        self, import_bytes: Callable[[bytes], Any], tmp_path: Path, type_: bytes
    ) -> None:
        (tmp_path / "out.ndjson").write_bytes(NDJSON)
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
            about = tarfile.TarInfo("x/data.ndjson")
            about.type, about.linkname = type_, str(tmp_path / "out.ndjson")
            archive.addfile(about)
        done = import_bytes(buffer.getvalue())
        assert done.exit_code == 1
        assert "exactly one plain file" in done.stderr

    def test_no_path_is_ever_written(
        self, import_bytes: Callable[[bytes], Any], tmp_path: Path
    ) -> None:
        names = ["../evil", "/tmp/evil", "data.ndjson/../../evil", f"{tmp_path}/evil", "x\0y"]
        members = [(each, b"evil") for each in names]
        done = import_bytes(packed(*members, ("x/data.ndjson", NDJSON)))
        assert done.exit_code == 0, done.stderr
        assert not (tmp_path.parent / "evil").exists()

    def test_a_bomb_is_refused(self, import_bytes: Callable[[bytes], Any]) -> None:
        lines = (b" " * 1_000_000 + b"\n") * (3 * ALWAYS_EXPANDED_BYTES // 1_000_000)
        done = import_bytes(gzip.compress(lines))
        assert done.exit_code == 1
        assert "times its size" in done.stderr

    def test_a_line_without_an_end_is_refused(self, import_bytes: Callable[[bytes], Any]) -> None:
        done = import_bytes(gzip.compress(b"{" + b" " * (ALWAYS_EXPANDED_BYTES + 1_000_000)))
        assert done.exit_code == 1
        assert "a line has more than" in done.stderr


def damaged() -> Iterator[bytes]:
    """Archives with a few bytes changed, inside and outside of the compression."""
    chance = random.Random(1)
    plain = gzip.decompress(EXPORT)
    for number in range(300):
        content = bytearray(plain if number % 2 else EXPORT)
        for _ in range(chance.randint(1, 4)):
            content[chance.randrange(min(len(content), 2048))] = chance.randrange(256)
        yield gzip.compress(content, mtime=0) if number % 2 else bytes(content)


def test_damage_is_refused_or_passed_over() -> None:
    refused = 0
    for each in damaged():
        try:
            for _ in read_lines(io.BytesIO(each), lambda _: None, lambda _: None):
                pass
        except ImportRefused:
            refused += 1
    assert refused > 100
