"""How the cost of tracing grows with an app, and what it is beside plain Semgrep.

    python benchmarks/flow_scaling.py                      # made-up apps of 50 to 2,000 files
    python benchmarks/flow_scaling.py --files 50 --files 400
    python benchmarks/flow_scaling.py FOLDER ...           # tracing and `semgrep scan` on given apps

Only tracing is timed: the app is read and marked before. Each app gets a process of its own, for its peak memory. Times
are seconds of processor time, which a busy machine does not change much, and of wall time.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import piiguard
from piiguard import app, flow, scan, tools
from piiguard.engines import python, semgrep
from piiguard.formats import taint
from piiguard.model import Source, Subject

SIZES = (50, 100, 200, 500, 1000, 2000)
GROUP = 5
"""Files of one feature of a made-up app."""
SHARED = 5
"""Files that all features use, index and helpers."""
_MIB = 1024 if sys.platform == "linux" else 1024 * 1024
"""What `ru_maxrss` counts of a MiB: Linux counts KiB, macOS bytes."""


class Cost(NamedTuple):
    """What tracing an app took."""

    files: int
    processor: float
    wall: float
    mebibytes: float
    observations: int


# ---------------------------------------------------------------- made-up apps

SHARED_FILES = {
    "manifest.yml": """\
app: {id: 'ari:cloud:ecosystem::app/0'}
modules:
  jira:issuePanel:
    - {key: panel, resource: main, resolver: {function: resolver}, title: Panel}
  function:
    - {key: resolver, handler: index.handler}
permissions: {scopes: ['read:jira-user'], external: {fetch: {backend: ['api.example.com']}}}
resources: [{key: main, path: static/ui}]
""",
    "src/shared/log.js": """\
export const logger = {
  info(message, data) {
    console.log(message, data);
  },
  error(message, error) {
    console.error(message, error.message);
  },
};
""",
    "src/shared/store.js": """\
import { kvs } from '@forge/kvs';

const cache = new Map();

export async function save(key, value) {
  cache.set(key, value);
  await kvs.set(key, value);
  return value;
}

export async function load(key, fallback) {
  const known = cache.get(key);
  return known ?? (await kvs.get(key)) ?? fallback;
}
""",
    "src/shared/http.js": """\
const BASE = 'https://api.example.com/v1';

export async function send(path, body, options = {}) {
  const response = await fetch(`${BASE}${path}`, { method: 'POST', body: JSON.stringify(body), ...options });
  if (!response.ok) {
    throw new Error(`answered ${response.status}`);
  }
  return response.json();
}
""",
    "src/shared/people.js": """\
import api, { route } from '@forge/api';

export async function person(accountId) {
  const response = await api.asApp().requestJira(route`/rest/api/3/user?accountId=${accountId}`);
  return response.json();
}

export const named = ({ displayName, emailAddress }) => ({ displayName, emailAddress });
export const counted = (list) => list.map((each) => each.total).reduce((sum, each) => sum + each, 0);
""",
}
FEATURE = {
    "src/resolvers/feature{n}.js": """\
import {{ logger }} from '../shared/log.js';
import {{ assign, summary }} from '../services/feature{n}.js';

export function register(resolver) {{
  resolver.define('assign{n}', async ({{ payload, context }}) => {{
    logger.info('assign', payload.title);
    const done = await assign(payload, context.accountId);
    return {{ ok: done.length > 0, items: done.map((item) => item.title) }};
  }});
  resolver.define('summary{n}', async (request) => {{
    try {{
      const found = await summary(request.payload.project);
      return {{ ...found, asked: request.context.accountId }};
    }} catch (error) {{
      logger.error('summary', error);
      return null;
    }}
  }});
}}
""",
    "src/services/feature{n}.js": """\
import {{ read, remember, write }} from '../dao/feature{n}.js';
import {{ send }} from '../shared/http.js';
import {{ counted, named, person }} from '../shared/people.js';
import {{ pick, shorten }} from '../lib/feature{n}.js';

export async function assign(payload, owner) {{
  const items = await read(payload.project);
  const changed = items.filter((item) => pick(item, payload)).map((item) => ({{ ...item, owner }}));
  for (const item of changed) {{
    await write(item.key, item);
  }}
  await remember(owner);
  return changed;
}}

export async function summary(project) {{
  const items = await read(project);
  const owners = await Promise.all(items.map((item) => person(item.owner)));
  const report = {{ project, total: counted(items), owners: owners.map(named) }};
  await send('/reports/{n}', {{ total: report.total, title: shorten(project) }});
  return report;
}}
""",
    "src/dao/feature{n}.js": """\
import {{ kvs }} from '@forge/kvs';
import {{ load, save }} from '../shared/store.js';

const PREFIX = 'feature{n}';

export class Items {{
  constructor(project) {{
    this.project = project;
    this.items = [];
  }}
  key(name) {{
    return `${{PREFIX}}:${{this.project}}:${{name}}`;
  }}
  add(item) {{
    this.items.push(item);
    return this;
  }}
}}

export async function read(project) {{
  return load(new Items(project).key('all'), []);
}}

export async function write(key, item) {{
  const items = new Items(item.project).add(item);
  return save(items.key(key), {{ at: Date.now(), item }});
}}

export async function remember(owner) {{
  await kvs.set(`${{PREFIX}}:last`, {{ owner }});
}}
""",
    "src/lib/feature{n}.js": """\
export function pick(item, payload) {{
  if (!payload.kind) {{
    return true;
  }}
  switch (payload.kind) {{
    case 'open':
      return item.state === 'open';
    case 'mine':
      return item.owner !== undefined;
    default:
      return item.kind === payload.kind;
  }}
}}

export const shorten = (text, most = 40) => (text.length > most ? `${{text.slice(0, most)}}…` : text);
export const grouped = (items) => Object.fromEntries(items.map((item) => [item.key, item]));
""",
    "static/ui/feature{n}.jsx": """\
import React, {{ useEffect, useState }} from 'react';
import {{ invoke, view }} from '@forge/bridge';

const Row = ({{ item, onPick }}) => <li onClick={{() => onPick(item.key)}}>{{item.title}}</li>;

export function Feature{n}({{ project }}) {{
  const [items, setItems] = useState([]);
  const [who, setWho] = useState(null);
  useEffect(() => {{
    view.getContext().then((context) => setWho(context.accountId));
    invoke('summary{n}', {{ project }}).then((found) => setItems(found.items ?? []));
  }}, [project]);
  const pick = async (key) => {{
    const answer = await invoke('assign{n}', {{ project, key, who, title: items.length }});
    setItems(answer.items);
  }};
  return <ul>{{items.map((item) => <Row key={{item.key}} item={{item}} onPick={{pick}} />)}}</ul>;
}}
""",
}


def make(folder: Path, files: int) -> None:
    """An app of so many source files: features with resolvers, services, data access, helpers and front end."""
    features = (files - SHARED) // GROUP
    texts = dict(SHARED_FILES)
    for number in range(features):
        texts |= {name.format(n=number): text.format(n=number) for name, text in FEATURE.items()}
    imports = [f"import {{ register as register{n} }} from './resolvers/feature{n}.js';" for n in range(features)]
    calls = [f"register{n}(resolver);" for n in range(features)]
    begin = ["import Resolver from '@forge/resolver';", *imports, "const resolver = new Resolver();"]
    texts["src/index.js"] = "\n".join([*begin, *calls, "export const handler = resolver.getDefinitions();", ""])
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


# ---------------------------------------------------------------- measuring


def traced(folder: Path) -> Cost:
    """Trace one app, in this process."""
    subject = app.read(folder)
    rules = scan.catalogue()
    marks = [*semgrep.run(subject, rules).marks, *python.run(subject).marks]
    wall, processor = time.perf_counter(), time.process_time()
    found = flow.trace(subject, marks, rules.rules)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MIB
    files = sum(source.language in ("javascript", "typescript", "tsx", "python") for source in _sources(subject))
    return Cost(files, processor, wall, peak, len(found.observations))


def _sources(subject: Subject) -> list[Source]:
    return [source for each in subject.apps for source in each.sources]


def in_own_process(folder: Path) -> Cost:
    """Trace one app in a process of its own."""
    done = subprocess.run([sys.executable, __file__, "--one", str(folder)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"tracing {folder} failed:\n{done.stderr}")
    return Cost(*json.loads(done.stdout))


def of_semgrep(folder: Path) -> tuple[float, float]:
    """Processor and wall seconds of `semgrep scan` with the exported rules."""
    with TemporaryDirectory() as scratch:
        rules = Path(scratch, "rules.yaml")
        rules.write_text(taint.render(tools.taint_rules()), encoding="utf-8")
        program = str(Path(sys.executable).parent / "semgrep")
        command = [program, "scan", "--metrics", "off", "--disable-version-check", "--config", str(rules), str(folder)]
        before, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        wall, after = time.perf_counter() - wall, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1):
        raise SystemExit(f"semgrep ended with {done.returncode} on {folder}:\n{done.stderr}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def curve(sizes: list[int]) -> None:
    """The table of made-up apps."""
    print("| files | processor s | wall s | time / first | files / first | peak MiB | observations |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    first: Cost | None = None
    for size in sizes:
        with TemporaryDirectory() as scratch:
            make(Path(scratch), size)
            cost = in_own_process(Path(scratch))
        first = first or cost
        times, more = cost.processor / first.processor, cost.files / first.files
        print(
            f"| {cost.files} | {cost.processor:.2f} | {cost.wall:.2f} | {times:.1f} | {more:.1f} "
            f"| {cost.mebibytes:.0f} | {cost.observations} |",
            flush=True,
        )


def beside_semgrep(folders: list[Path]) -> None:
    """The table of given apps."""
    print("| app | files | tracing, processor s | wall s | semgrep, processor s | wall s | peak MiB |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for folder in folders:
        cost, (processor, wall) = in_own_process(folder), of_semgrep(folder)
        print(
            f"| {folder.name} | {cost.files} | {cost.processor:.2f} | {cost.wall:.2f} "
            f"| {processor:.2f} | {wall:.2f} | {cost.mebibytes:.0f} |",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER", help="apps to trace beside semgrep")
    parser.add_argument("--files", type=int, action="append", help="sizes of made-up apps")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(traced(arguments.one)))
        return
    print(f"piiguard {piiguard.__version__}, semgrep {version('semgrep')}, Python {platform.python_version()},")
    print(f"{os.cpu_count()} processors\n")
    if arguments.folders:
        beside_semgrep([folder.resolve() for folder in arguments.folders])
    else:
        curve(arguments.files or list(SIZES))


if __name__ == "__main__":
    main()
