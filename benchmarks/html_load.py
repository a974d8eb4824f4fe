"""How long an HTML report of many observations takes to make and to open in Chromium.

python benchmarks/html_load.py [--observations 2000] [--chromium /usr/bin/chromium]
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from piiguard.formats import html
from piiguard.model import (
    App,
    Judgement,
    Location,
    Manifest,
    Observation,
    Report,
    Rule,
    Step,
    Subject,
    Tool,
    Verdict,
)

CATEGORIES = ("pii-storage", "pii-egress", "pii-log", "browser-storage")
CLAIMS = 50
FRAME = ("async function save(user) {", "  await kvs.set(`user:${user.accountId}`, user);", "}")


def report(size: int) -> Report:
    """`size` observations of 20 rules, each with code and a path of four steps, under CLAIMS contradicted claims."""
    observations = tuple(_observation(number) for number in range(size))
    names = tuple(each.id for each in observations)
    verdicts = tuple(
        Verdict(
            1 + n // 4, f"claim-{n}", ".", "contradicted", "a reason", names[n::CLAIMS], (), f"Claim {n}", "Section"
        )
        for n in range(CLAIMS)
    )
    rules = {
        f"rule-{n}": Rule(f"rule-{n}", "sink", "semgrep", "x", f"Rule {n}", why="It stays.", fix="Drop it.")
        for n in range(20)
    }
    return Report(
        tool=Tool("piiguard", "0", "sha256:0"),
        subject=Subject(".", (App(".", "Many", ".", Manifest("manifest.yml")),)),
        observations=observations,
        judgement=Judgement(verdicts, findings=names),
        gaps=(),
        rules=rules,
        snippets=dict.fromkeys(names, FRAME),
    )


def _observation(number: int) -> Observation:
    place = Location(f"src/folder/file{number % 90}.js", 10 + number, 3, 10 + number, 40)
    steps = tuple(Step(Location(f"src/step{n}.js", n + 1), "handed to a function") for n in range(3))
    return Observation(
        f"{number:016x}",
        ".",
        f"rule-{number % 20}",
        CATEGORIES[number % len(CATEGORIES)],
        "sure",
        place,
        ("account-id",),
        message="Writes a value to Forge key-value storage: account id",
        flow=(*steps, Step(place, "writes a value")),
    )


def main() -> None:
    """Print the size, the time to make the page, and the time of the load event, five times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--observations", type=int, default=2000)
    parser.add_argument("--chromium", default=shutil.which("chromium"))
    given = parser.parse_args()
    started = time.perf_counter()
    page = html.render(report(given.observations))
    print(f"{given.observations} observations: {len(page) / 1e6:.1f} MB, made in {time.perf_counter() - started:.2f} s")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder, "report.html")
        file.write_text(page, encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=given.chromium, args=["--no-sandbox"])
        for _ in range(5):
            tab = browser.new_page()
            tab.goto(file.as_uri())
            loaded = tab.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd") / 1000
            started = time.perf_counter()
            tab.get_by_role("searchbox").fill("file7")
            tab.evaluate("0")
            print(f"load event after {loaded:.2f} s; a search takes {time.perf_counter() - started:.2f} s")
            tab.close()
        browser.close()


if __name__ == "__main__":
    main()
