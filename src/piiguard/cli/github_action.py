"""`piiguard github-action`: the step that action.yml runs."""

from __future__ import annotations

from pathlib import Path

import click

from piiguard import cache
from piiguard.cli.options import file, folder
from piiguard.cli.output import emit, write_files
from piiguard.errors import PiiguardError

_SUMMARY_BYTES = 1_000_000
"""GitHub takes 1 MiB for each step."""


@click.command("github-action")
@click.option("--path", type=folder, default=".", envvar="PIIGUARD_PATH", help="The folder with the app or apps.")
@click.option("--config", type=file, envvar="PIIGUARD_CONFIG", help="Another file than piiguard.yaml.")
@click.option("--baseline", type=file, envvar="PIIGUARD_BASELINE", help="Known findings.")
@click.option("--fail-on", default="contradicted", envvar="PIIGUARD_FAIL_ON", help="contradicted, not-shown, ...")
@click.option("--formats", default="sarif,json,html", envvar="PIIGUARD_FORMATS", help="Reports in the artifact.")
@click.option("--output", type=click.Path(path_type=Path, file_okay=False), envvar="PIIGUARD_OUTPUT", required=True)
@click.option("--workspace", type=folder, default=".", envvar="GITHUB_WORKSPACE")
@click.option("--event", type=click.Path(path_type=Path), envvar="GITHUB_EVENT_PATH")
@click.option("--event-name", default="", envvar="GITHUB_EVENT_NAME")
@click.option("--sha", default="", envvar="GITHUB_SHA")
@click.option("--step-summary", type=click.Path(path_type=Path), envvar="GITHUB_STEP_SUMMARY")
@click.option("--step-output", type=click.Path(path_type=Path), envvar="GITHUB_OUTPUT")
def github_action(
    path: Path,
    config: Path | None,
    baseline: Path | None,
    fail_on: str,
    formats: str,
    output: Path,
    workspace: Path,
    event: Path | None,
    event_name: str,
    sha: str,
    step_summary: Path | None,
    step_output: Path | None,
) -> int:
    """What action.yml runs: options come from the environment, answers go to the runner's files.

    Ends with 0 also when a claim is contradicted: the output `failed` tells, so that reports are kept first.
    """
    from piiguard import scan as scanning  # the engines load slowly: --help does without
    from piiguard import workflow
    from piiguard.evidence import container
    from piiguard.evidence.build import build
    from piiguard.formats.github import problem

    try:
        words, days = workflow.parse_fail_on(fail_on)
        wanted = workflow.parse_formats(formats)
        asked = workflow.Asked(path, workspace, wanted, words, days, event, event_name, sha)
        options = scanning.Options(config=config, baseline=baseline, cache=cache.of_user(path))
        outcome = workflow.run(asked, options)
        output.mkdir(parents=True, exist_ok=True)
        write_files([(output / name, content) for name, content in outcome.files.items()])
        evidence = build(path, scanning.Options(config=config, cache=options.cache)).files
        container.write(output / "evidence.zip", evidence)
    except PiiguardError as error:
        emit(problem(str(error)))
        raise
    emit(outcome.annotations)
    if step_summary:
        summary = outcome.summary.encode("utf-8", "backslashreplace")[:_SUMMARY_BYTES].decode("utf-8", "ignore")
        _append(step_summary, summary)
    if step_output:
        sarif = output / workflow.FILES["sarif"]
        told = {
            **outcome.outputs,
            "failed": str(outcome.failed).lower(),
            "folder": str(output),
            "sarif": str(sarif) if sarif.name in outcome.files else "",
        }
        _append(step_output, "".join(f"{name}={value}\n" for name, value in told.items()))
    emit(f"piiguard: {workflow.conclusion_line(outcome)}\n")
    return 0


def _append(file: Path, said: str) -> None:
    """The runner reads these files after the step; other steps may have written to them."""
    with file.open("a", encoding="utf-8") as stream:
        stream.write(said)
