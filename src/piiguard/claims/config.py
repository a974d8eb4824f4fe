"""piiguard.yaml: found, checked key by key with the line of every mistake, and resolved into a `Policy`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from piiguard.claims.catalogue import catalogue
from piiguard.claims.checking import Checked, dotted, unknown
from piiguard.claims.checking import Path as KeyPath
from piiguard.claims.document.language import language
from piiguard.claims.policy import AppPolicy, Host, Policy
from piiguard.claims.shapes import AppEntry, AttestationEntry, File, TrustCenterEntry
from piiguard.claims.yamlnodes import Trouble, YamlTrouble, compose
from piiguard.errors import UsageError
from piiguard.model import Attestation, Location, Subject, Waiver

FILE_NAMES = ("piiguard.yaml", "piiguard.yml")


class ConfigError(UsageError):
    """piiguard.yaml is wrong. `lines` has one message per mistake, each with its place."""

    def __init__(self, path: str, troubles: list[Trouble]) -> None:
        self.lines = tuple(f"{path}:{trouble.line}: {trouble.what}" for trouble in sorted(troubles))
        super().__init__("\n".join(self.lines))


def load_policy(root: Path, file: Path | None = None) -> Policy:
    """The policy in `file`, or in the piiguard.yaml of the scanned folder, or the strict default.

    Raises ConfigError for mistakes, UsageError when the file cannot be read or lies outside the folder.
    """
    found = policy_file(root, file)
    if found is None:
        return Policy()
    return parse_policy(read_policy(found), found.name)


def policy_file(root: Path, file: Path | None = None) -> Path | None:
    """Where the policy stands: in `file` if given, else in the folder's own piiguard.yaml; None without one.

    Raises UsageError when the folder has two, or one that is a link out of it.
    """
    if file is not None:
        return file
    found = [root / name for name in FILE_NAMES if (root / name).is_symlink() or (root / name).exists()]
    if len(found) > 1:
        raise UsageError(f"both {' and '.join(FILE_NAMES)} are there", todo="Keep one of them")
    if found and not found[0].resolve().is_relative_to(root.resolve()):
        raise UsageError("the file is a link that leaves the scanned folder", where=found[0].name)
    return found[0] if found else None


def read_policy(file: Path) -> bytes:
    """The bytes of a policy file. Raises UsageError when they cannot be read."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot be read ({error.strerror})", where=file.name) from None


def parse_policy(text: bytes, path: str) -> Policy:
    """The policy that a file's text gives. `path` is how messages and verdicts name the file. Raises ConfigError."""
    try:
        node = compose(text)
    except YamlTrouble as error:
        raise ConfigError(path, [error.trouble]) from None
    digest = hashlib.sha256(text).hexdigest()
    if node is None:
        return Policy(path, digest)
    checked = Checked(_vocabulary())
    plain = checked.read(node, File)
    if not checked.troubles:
        policy = _Resolver(path, digest, checked).policy(msgspec.convert(plain, File))
    if checked.troubles:
        raise ConfigError(path, checked.troubles)
    return policy


def document_path(policy: Policy, root: Path) -> Path | None:
    """The file that `trust-center.document` names, or None where it is not given.

    Raises UsageError when it is not there, or lies outside the scanned folder.
    """
    if not policy.document:
        return None
    place = policy.place(policy.document_line)
    file = root / policy.document
    if Path(policy.document).is_absolute() or not file.resolve().is_relative_to(root.resolve()):
        raise UsageError("`trust-center.document` must be a path inside the scanned folder", where=place)
    if not file.is_file():
        raise UsageError(f"there is no file {policy.document}", where=place, todo="Correct `trust-center.document`")
    return file


def check_apps(policy: Policy, subject: Subject) -> None:
    """Raise ConfigError when the file speaks of an app that was not found."""
    ids = tuple(app.id for app in subject.apps)
    troubles = [
        Trouble(line, unknown(f"the app {dotted((app,))}", app, ids))
        for app, line in policy.app_lines.items()
        if app not in ids
    ]
    troubles += [
        Trouble(policy.document_line, unknown(f"the app {dotted((app,))}", app, ids))
        for app in policy.document_apps.values()
        if app not in ids
    ]
    if troubles:
        raise ConfigError(policy.path, troubles)


def _vocabulary() -> dict[str, tuple[str, ...]]:
    switches = [name.split(".", 1) for name in catalogue().switches]
    return {
        "claims": tuple(catalogue().claims),
        "allow": tuple(name for group, name in switches if group == "allow"),
        "count": tuple(name for group, name in switches if group == "count"),
    }


class _Resolver:
    """Typed entries, with their lines put back, into the policy of each app."""

    def __init__(self, path: str, digest: str, checked: Checked) -> None:
        self._path = path
        self._digest = digest
        self._checked = checked

    def policy(self, file: File) -> Policy:
        everyone = self._app(file, (), AppPolicy())
        apps = {app: self._app(entry, ("apps", app), everyone) for app, entry in file.apps.items()}
        center = file.trust_center or TrustCenterEntry()
        attestations = [*self._attestations(file.attestations, ("attestations",), "")]
        for app, entry in file.apps.items():
            attestations += self._attestations(entry.attestations, ("apps", app, "attestations"), app)
        return Policy(
            path=self._path,
            sha256=self._digest,
            everyone=everyone,
            apps=apps,
            app_lines={app: self._line("apps", app) for app in apps},
            document=center.document or "",
            document_line=self._line("trust-center", "document") if center.document else 0,
            document_apps=center.apps,
            attestations=tuple(attestations),
            waivers=tuple(self._waivers(file)),
        )

    def _line(self, *at: str | int) -> int:
        return self._checked.lines[at]

    def _app(self, entry: AppEntry, at: KeyPath, base: AppPolicy) -> AppPolicy:
        """An app's own words come first; what holds for everyone fills the rest."""
        claims = {claim: self._line(*at, "claims", claim) for claim in entry.claims}
        relaxed, restored = self._switches(entry, at)
        return AppPolicy(
            unclaimed={
                **{claim: line for claim, line in base.unclaimed.items() if claim not in claims},
                **{claim: line for claim, line in claims.items() if not entry.claims[claim]},
            },
            hosts=(*self._hosts(entry, at), *base.hosts),
            lists_hosts=base.lists_hosts or entry.hosts is not None,
            relaxed={**{name: line for name, line in base.relaxed.items() if name not in restored}, **relaxed},
        )

    def _switches(self, entry: AppEntry, at: KeyPath) -> tuple[dict[str, int], set[str]]:
        """The switches that an entry relaxes, with their lines, and those that it sets back to strict."""
        groups = (("allow", entry.allow, True), ("count", entry.count, False))
        given = [
            (f"{group}.{name}", self._line(*at, group, name), value is loose)
            for group, values, loose in groups
            for name, value in values.items()
        ]
        return {name: line for name, line, loose in given if loose}, {name for name, _, loose in given if not loose}

    def _hosts(self, entry: AppEntry, at: KeyPath) -> Iterator[Host]:
        seen: dict[str, str] = {}
        for index, pattern in enumerate(entry.vendor_hosts):
            seen[pattern] = "vendor"
            yield Host(pattern, "vendor", self._line(*at, "vendor-hosts", index))
        for index, host in enumerate(entry.hosts or ()):
            line = self._line(*at, "hosts", index)
            if seen.setdefault(host.host, host.kind) != host.kind:
                self._checked.wrong(line, f"{host.host} is already listed as {seen[host.host]}")
            yield Host(host.host, host.kind, line, host.name or "", host.purpose or "")

    def _attestations(self, entries: tuple[AttestationEntry, ...], at: KeyPath, app: str) -> Iterator[Attestation]:
        known = (*catalogue().claims, *language().kinds)
        for index, entry in enumerate(entries):
            line = self._line(*at, index)
            if entry.claim not in known:
                what = f"{dotted((*at, index))}.claim: {dotted((entry.claim,))}"
                self._checked.wrong(line, unknown(what, entry.claim, known))
            if entry.until < entry.on:
                self._checked.wrong(line, f"{dotted((*at, index))} ends before it begins")
            yield Attestation(
                entry.claim, entry.by, entry.on.isoformat(), entry.until.isoformat(), entry.statement, app=app
            )

    def _waivers(self, file: File) -> Iterator[Waiver]:
        for index, entry in enumerate(file.waivers):
            place = Location(self._path, self._line("waivers", index))
            until = entry.until.isoformat() if entry.until else None
            yield Waiver(entry.rule, entry.reason, "file", place, entry.path, until)
