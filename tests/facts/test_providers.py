"""Names and hosts of providers: both ways, whole tables covered, nothing ambiguous."""

from __future__ import annotations

from collections import Counter

import pytest

from piiguard.facts import sdk_hosts, trackers
from piiguard.facts.providers import Provider, by_host, by_name, providers

KINDS = {
    *("ai", "automation", "chat", "ci", "cloud", "content", "design", "files", "git", "identity", "logs", "mail"),
    *("payment", "sales", "security", "support", "tracker", "work"),
}
PROVIDERS = providers()


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("api.github.com", "GitHub"),
        ("gitlab.com", "GitLab"),
        ("api.bitbucket.org", "Bitbucket"),
        ("dev.azure.com", "Azure DevOps"),
        ("api.anthropic.com", "Anthropic"),
        ("API.OpenAI.com.", "OpenAI"),
        ("generativelanguage.googleapis.com", "Google AI"),
        ("*.openai.com", "OpenAI"),
        ("bedrock-runtime.eu-west-1.amazonaws.com", "Amazon Bedrock"),
        ("bucket.s3.eu-west-1.amazonaws.com", "Amazon Web Services"),
        ("acme.openai.azure.com", "Azure OpenAI"),
        ("api.eu.amplitude.com", "Amplitude"),
        ("sub.api.mixpanel.com", "Mixpanel"),
    ],
)
def test_host_to_provider(host: str, name: str) -> None:
    found = by_host(host)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("host", ["example.org", "githubs.com", "notopenai.com", "*", "", "anthropic.com.evil.example"])
def test_a_host_that_only_looks_like_one_is_nobodys(host: str) -> None:
    assert by_host(host) is None


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("github", "GitHub"),
        ("Claude", "Anthropic"),
        ("Google Gemini", "Google AI"),
        ("GHES", "GitHub Enterprise"),
        ("Open-AI", "OpenAI"),
    ],
)
def test_name_to_provider(said: str, name: str) -> None:
    found = by_name(said)
    assert found is not None
    assert found.name == name
    assert by_name(f"not {said}") is None


def test_self_hosted_variants_are_told_from_the_service() -> None:
    variant, service = by_name("GitHub Enterprise Server"), by_name("GitHub")
    assert variant is not None
    assert service is not None
    assert (variant.self_hosted, variant.hosts) == (True, ())
    assert not service.self_hosted


def test_every_host_of_a_known_package_has_a_provider() -> None:
    assert [each.host for each in sdk_hosts.services() if by_host(each.host) is None] == []


def test_every_tracker_host_has_a_provider() -> None:
    assert all(by_host(host) for each in trackers.trackers() for host in each.hosts)


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.name)
def test_a_provider_is_found_by_what_it_says(provider: Provider) -> None:
    assert bool(provider.hosts) != provider.self_hosted or provider.kind == "tracker"
    assert provider.kind in KINDS
    assert provider.purpose
    assert by_name(provider.name) is provider
    assert all(pattern == pattern.lower() for pattern in provider.hosts)


def test_no_name_and_no_host_means_two_providers_of_our_table() -> None:
    ours = [each for each in PROVIDERS if each.kind != "tracker"]
    names = Counter(name.lower() for each in ours for name in each.spellings)
    hosts = Counter(host for each in ours for host in each.hosts if not host.startswith("[*]"))
    assert [name for name, count in (*names.items(), *hosts.items()) if count > 1] == []


def test_words_are_no_names_in_running_text() -> None:
    assert {each.name for each in PROVIDERS if not each.telling} > {"Segment", "Render", "Make"}
    assert all(each.telling for each in PROVIDERS if each.name in ("OpenAI", "GitHub", "Mixpanel"))
