"""`piiguard rules`, `piiguard rules export` and `piiguard explain`."""

from __future__ import annotations

import difflib
from pathlib import Path

import click

from piiguard.claims.catalogue import catalogue as claim_catalogue
from piiguard.cli.options import rule_folders
from piiguard.cli.output import emit, write_files
from piiguard.errors import UsageError
from piiguard.formats import guide, taint
from piiguard.formats.plain import plural


@click.group(invoke_without_command=True)
@click.option("--format", "format_", type=click.Choice(list(guide.RULE_FORMATS)), default="text")
@rule_folders
@click.pass_context
def rules(context: click.Context, format_: str, rules: tuple[Path, ...]) -> int:
    """List the rules."""
    if context.invoked_subcommand is None:
        from piiguard import scan as scanning

        emit(guide.RULE_FORMATS[format_](scanning.catalogue(rules).rules.values()))
    return 0


@rules.command()
@click.argument("target", type=click.Path(path_type=Path, allow_dash=True), default="-", metavar="[DIR]")
@rule_folders
def export(target: Path, rules: tuple[Path, ...]) -> int:
    """Write sources and sinks as taint rules for plain Semgrep: a file for each sink in DIR, or all to standard
    output."""
    from piiguard import tools

    composed = tools.taint_rules(rules)
    if str(target) == "-":
        emit(taint.render(composed))
        return 0
    if not target.is_dir():
        raise UsageError("no such folder", where=str(target), todo="Make it first, or leave it out for standard output")
    write_files([(target / f"{rule['id']}.yaml", taint.render([rule])) for rule in composed])
    emit(f"{plural(len(composed), 'rule')} written. Run: semgrep scan --metrics off --config {target} PATH\n")
    return 0


@click.command()
@click.argument("name", metavar="RULE_OR_CLAIM")
@rule_folders
def explain(name: str, rules: tuple[Path, ...]) -> int:
    """Say what a rule or a claim is about, why it matters and what to do."""
    from piiguard import scan as scanning

    known = scanning.catalogue(rules).rules
    claims = claim_catalogue().claims
    if rule := known.get(name):
        emit(guide.explain_rule(rule))
    elif claim := claims.get(name):
        by_word = claim.proof == "word"
        emit(guide.explain_claim(name, claim.title, claim.statement, claim.beyond, claim.needs, by_word))
    else:
        near = difflib.get_close_matches(name, [*known, *claims], n=3)
        hint = f"Did you mean {' or '.join(near)}?" if near else "`piiguard rules` lists the rules."
        raise UsageError(f"no rule and no claim is called {name!r}", todo=hint)
    return 0
