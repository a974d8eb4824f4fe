"""`piiguard attest`."""

from __future__ import annotations

import datetime
from pathlib import Path

import click

from piiguard.claims.attest import check, with_attestation
from piiguard.claims.catalogue import catalogue
from piiguard.claims.config import FILE_NAMES, policy_file, read_policy
from piiguard.claims.shapes import AttestationEntry
from piiguard.cli.options import day, folder
from piiguard.cli.options import today as today_option
from piiguard.cli.output import emit, write_files


@click.command()
@click.argument("claim")
@click.argument("path", type=folder, default=".")
@click.option("--by", required=True, metavar="NAME", help="Who says so: first and last name, role.")
@click.option("--on", "on", type=day, metavar="YYYY-MM-DD", help="The day on which it was said (default: today).")
@click.option("--until", type=day, required=True, metavar="YYYY-MM-DD", help="The last day on which it holds.")
@click.option("--note", required=True, metavar="TEXT", help="What is said, in a sentence.")
@today_option
def attest(
    claim: str,
    path: Path,
    by: str,
    on: datetime.datetime | None,
    until: datetime.datetime,
    note: str,
    today: datetime.datetime | None,
) -> int:
    """Write a person's word for CLAIM into the piiguard.yaml of PATH."""
    now = today.date() if today else datetime.date.today()
    entry = AttestationEntry(claim, by, on.date() if on else now, until.date(), note)
    check(entry, now)
    found = policy_file(path)
    target = found or path / FILE_NAMES[0]
    text = with_attestation(read_policy(found) if found else b"", target.name, entry)
    write_files([(target, text)])
    emit(f"{target}: {claim} is attested by {by} until {entry.until}.\n")
    if catalogue().claims[claim].proof == "code":
        emit("Code answers this claim: the attestation counts only where the code leaves it open.\n")
    return 0
