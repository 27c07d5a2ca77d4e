"""`docs/sanity.md` shows what happens, and its Studio files compile."""

from __future__ import annotations

import json
import re
import subprocess
from datetime import date
from pathlib import Path

import yaml
from click.testing import CliRunner

from app.cli.store import store
from app.development import sample
from tests.content_lake import DATASET, EDITOR_TOKEN, PROJECT, ContentLake
from tests.content_lake import FOLDER as CONTENT_LAKE
from tests.node import install, node
from tests.server import ROOT

STUDIO = ROOT / "docs" / "studio"
TOOLS = ROOT / "tests" / "spec" / "node"


def test_the_check_is_as_the_page_shows_it(content_lake: ContentLake) -> None:
    page = (ROOT / "docs" / "sanity.md").read_text()
    [shown] = re.findall(r"\$ workout-log-api store check\n(.*?)```", page, re.S)
    content_lake.reset()
    content_lake.load(sample.documents(date(2026, 11, 18)))
    env = {
        "SANITY_PROJECT_ID": PROJECT,
        "SANITY_DATASET": DATASET,
        "SANITY_API_TOKEN": EDITOR_TOKEN,
        "SANITY_API_URL": content_lake.url,
    }
    done = CliRunner().invoke(store, ["check"], env=env)
    assert done.exit_code == 0
    assert done.stdout.replace(PROJECT, "abc123") == shown


def test_the_studio_files_are_schema_types_of_sanity(tmp_path: Path) -> None:
    settings = json.loads((STUDIO / "tsconfig.json").read_text())
    types = install(CONTENT_LAKE) / "@sanity" / "types"
    settings["compilerOptions"]["paths"] = {"sanity": [str(types)]}
    settings["files"] = sorted(str(each) for each in STUDIO.glob("*.ts"))
    assert len(settings["files"]) == 2
    project = tmp_path / "tsconfig.json"
    project.write_text(json.dumps(settings))
    tsc = install(TOOLS) / "typescript" / "bin" / "tsc"
    done = subprocess.run([node(), tsc, "-p", project], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_studio_files_have_the_fields_and_the_words_of_the_spec() -> None:
    text = (STUDIO / "workoutLog.ts").read_text()
    assert "liveEdit: true" in text
    schemas = yaml.safe_load((ROOT / "openapi.yaml").read_text())["components"]["schemas"]
    assert sorted(re.findall(r'^      name: "(\w+)"', text, re.M)) == sorted(
        schemas["WorkoutLogCreate"]["properties"]
    )
    for name, words in (("status", "Status"), ("feeling", "Feeling")):
        [listed] = re.findall(rf'name: "{name}",.*?list: (\[.*?\])', text, re.S)
        assert json.loads(listed) == schemas[words]["enum"]
