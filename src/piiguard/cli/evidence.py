"""`piiguard evidence`: build, verify, keygen."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from piiguard.claims.exits import exit_code
from piiguard.cli.options import file, folder, included_kinds, rule_folders
from piiguard.cli.options import today as today_option
from piiguard.cli.output import emit
from piiguard.cli.progress import Progress
from piiguard.formats.overview import conclusion
from piiguard.formats.plain import plural, printable

if TYPE_CHECKING:
    from piiguard.evidence.check import Check, Outcome

MARKS: dict[Outcome, str] = {"ok": "✓ ", "mismatch": "✗ ", "unable": "? not checked: ", "skipped": "· not checked: "}
CONCLUSIONS = {0: "Verified", 1: "Not verified", 3: "Not verified: something could not be checked"}
UNSIGNED = "NOT SIGNED: anybody can have made or changed this bundle. Sign it with --key (piiguard evidence keygen)."

new_file = click.Path(path_type=Path)


@click.group()
def evidence() -> None:
    """A report as evidence: a bundle of files that somebody else can check."""


@evidence.command()
@click.argument("path", type=folder, default=".")
@click.option(
    "--output", "target", type=new_file, required=True, metavar="DIR|FILE.zip", help="A new folder, or a zip."
)
@click.option("--key", type=file, help="Sign with this ed25519 private key (PEM).")
@click.option("--config", type=file, help="Another file than PATH/piiguard.yaml.")
@click.option("--no-config", is_flag=True, help="Ignore piiguard.yaml: judge by the strict default.")
@included_kinds
@rule_folders
@today_option
@click.option("--exit-zero", is_flag=True, help="End with 0 whatever the answers are.")
def build(
    path: Path,
    target: Path,
    key: Path | None,
    config: Path | None,
    no_config: bool,
    include: tuple[str, ...],
    rules: tuple[Path, ...],
    today: datetime.datetime | None,
    exit_zero: bool,
) -> int:
    """Scan the Forge apps in PATH and write the report with everything that it rests on. Exit codes as of a scan."""
    from piiguard import scan as scanning
    from piiguard.evidence import container, keys
    from piiguard.evidence.build import build as build_bundle

    if config and no_config:
        raise click.UsageError("--config and --no-config exclude each other.")
    container.check_target(target, path)
    signer = keys.load_signer(key) if key else None
    with Progress(shown=sys.stderr.isatty()) as progress:
        options = scanning.Options(
            config=config,
            use_config=not no_config,
            include=frozenset(include),
            rules=rules,
            today=today.date() if today else None,
            progress=progress.say,
        )
        built = build_bundle(path, options, signer)
    container.write(target, built.files)
    emit(f"{target} written: {plural(len(built.files), 'file')}. {conclusion(built.report).sentence}.\n")
    if signer is None:
        click.echo(UNSIGNED, err=True)
    return 0 if exit_zero else exit_code(built.report.judgement)


@evidence.command()
@click.argument("bundle", type=click.Path(path_type=Path, exists=True))
@click.option("--key", type=file, help="The signer's ed25519 public key (PEM).")
@click.option("--source", type=folder, help="The folder that the bundle is about: compare its files.")
@click.option("--rescan", is_flag=True, help="Scan --source anew and compare the reports byte for byte.")
@rule_folders
def verify(bundle: Path, key: Path | None, source: Path | None, rescan: bool, rules: tuple[Path, ...]) -> int:
    """Check a bundle: signature, digests, the source and the report.

    0 verified, 1 something does not match, 2 wrong arguments or no bundle, 3 something could not be checked.
    """
    from piiguard.evidence import container, keys
    from piiguard.evidence.check import exit_code as code_of
    from piiguard.evidence.verify import Asked
    from piiguard.evidence.verify import verify as verify_bundle

    if rescan and not source:
        raise click.UsageError("--rescan needs --source.")
    asked = Asked(keys.load_key(key) if key else None, source, rescan, rules)
    checks = verify_bundle(container.read(bundle), asked)
    emit("".join(f"{_line(check)}\n" for check in checks))
    code = code_of(checks)
    open_ = sum(check.outcome == "skipped" for check in checks)
    emit(f"{CONCLUSIONS[code]}{f', apart from what was not checked ({open_})' if open_ and not code else ''}.\n")
    return code


def _line(check: Check) -> str:
    return MARKS[check.outcome] + printable(check.said)


@evidence.command()
@click.argument("keyfile", type=new_file)
def keygen(keyfile: Path) -> int:
    """Make an ed25519 key: KEYFILE for signing, KEYFILE.pub for everybody."""
    from piiguard.evidence import keys

    public = keys.generate(keyfile)
    emit(f"{keyfile} written: keep it to yourself, and out of the repository.\n{public} written: publish it.\n")
    return 0
