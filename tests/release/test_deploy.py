"""The examples in `deploy/` are what the programs that read them understand."""

from __future__ import annotations

import re
import subprocess
from dataclasses import fields
from pathlib import Path

import yaml

from app.settings import Settings
from tests.programs import nginx
from tests.sanity.wire import make_certificate
from tests.server import ROOT

DEPLOY = ROOT / "deploy"
NAMES = {each.name.upper() for each in fields(Settings)}
SECRETS = {f"{each.name.upper()}_FILE" for each in fields(Settings) if not each.repr}


def test_nginx_takes_the_site(tmp_path: Path) -> None:
    program = nginx()
    assert program, "nginx is missing: python -m tests.programs"
    make_certificate(tmp_path / "both.pem")
    site = re.sub(
        r"/etc/ssl/\S+\.pem", str(tmp_path / "both.pem"), (DEPLOY / "nginx.conf").read_text()
    )
    (tmp_path / "site.conf").write_text(site)
    whole = f"pid {tmp_path}/pid; events {{}} http {{ include {tmp_path}/site.conf; }}"
    (tmp_path / "nginx.conf").write_text(whole)
    command: list[str | Path] = [
        program,
        "-t",
        "-p",
        tmp_path,
        "-c",
        tmp_path / "nginx.conf",
        "-e",
        "stderr",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_manifests_name_settings_and_probes_that_exist() -> None:
    deployment, service = yaml.safe_load_all(
        (DEPLOY / "kubernetes" / "workout-log-api.yaml").read_text()
    )
    pod = deployment["spec"]["template"]
    (container,) = pod["spec"]["containers"]
    assert {each["name"] for each in container["env"]} <= NAMES | SECRETS
    delay = next(each for each in container["env"] if each["name"] == "SHUTDOWN_DELAY")
    probe = container["readinessProbe"]
    assert int(delay["value"]) > probe["periodSeconds"] * probe["failureThreshold"]
    assert pod["spec"]["terminationGracePeriodSeconds"] >= int(delay["value"]) + 20
    metrics = next(each for each in container["ports"] if each["name"] == "metrics")
    port = next(each for each in container["env"] if each["name"] == "METRICS_PORT")
    annotated = pod["metadata"]["annotations"]["prometheus.io/port"]
    assert str(metrics["containerPort"]) == port["value"] == annotated
    # The service is for clients: they see no metrics.
    assert [each["targetPort"] for each in service["spec"]["ports"]] == ["http"]
    assert service["spec"]["selector"] == pod["metadata"]["labels"]
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    assert compose["services"]["api"]["environment"].keys() <= NAMES


def test_the_unit_and_the_image_run_the_command() -> None:
    unit = (DEPLOY / "workout-log-api.service").read_text()
    assert re.search(r"^ExecStart=\S+/workout-log-api serve$", unit, re.M)
    assert set(re.findall(r"^Environment=(\w+)=", unit, re.M)) <= NAMES
    image = (ROOT / "Containerfile").read_text()
    for copied in re.search(r"^COPY (.*) \./$", image, re.M)[1].split():
        assert (ROOT / copied).exists()
    assert re.search(r"^USER 10001$", image, re.M)
