"""Data flow through Python helpers: from the checks' marks to observations."""

from __future__ import annotations

import textwrap

import pytest

from piiguard.engines import python as engine
from piiguard.facts import shapes
from piiguard.flow import python, trace
from piiguard.flow.graph import Graph
from piiguard.flow.rules import TRACKER_HOST
from piiguard.model import App, Manifest, Observation, Source, Subject

RULES = {rule.id: rule for rule in (*engine.rules(), TRACKER_HOST)}


def app_of(files: dict[str, str]) -> App:
    sources = tuple(
        Source(path=path, app=".", language="python", text=textwrap.dedent(text).encode())
        for path, text in files.items()
    )
    return App(id=".", name="helpers", root=".", manifest=Manifest(path="manifest.yml"), sources=sources)


def observed(code: str, **others: str) -> list[Observation]:
    files = {"main.py": code, **{name.replace("__", "/") + ".py": text for name, text in others.items()}}
    subject = Subject(root=".", apps=(app_of(files),))
    return list(trace(subject, engine.run(subject).marks, RULES).observations)


def found(code: str, category: str, **others: str) -> list[tuple[str, int, tuple[str, ...], str | None, str, str]]:
    return [
        (one.location.path, one.location.start_line, one.data, one.host, one.distance, one.confidence)
        for one in observed(code, **others)
        if one.category == category
    ]


def data(code: str, category: str) -> set[str]:
    return {name for entry in found(code, category) for name in entry[2]}


JIRA = 'from jira import JIRA\ntracker = JIRA("https://team.atlassian.net")\n'

# ---------------------------------------------------------------- inside a function


def test_direct() -> None:
    assert found(JIRA + "print(tracker.myself().emailAddress)\n", "pii-log") == [
        ("main.py", 3, ("email",), None, "direct", "sure")
    ]


@pytest.mark.parametrize(
    "steps",
    [
        "mail = user.emailAddress",
        "mail = f'<{user.emailAddress}>'",
        "mail = user['emailAddress'].strip().lower()",
        "mail = 'mail: ' + user.emailAddress",
        "mail = 'mail: %s' % user.emailAddress",
        "mail = 'mail: {}'.format(user.emailAddress)",
        "mail, rest = user.emailAddress, 1",
        "record = {'a': {'b': user.emailAddress}}; mail = record['a']['b']",
        "record = dict(a=user.emailAddress); mail = record.get('a')",
        "record = {}; record['a'] = user.emailAddress; mail = record['a']",
        "rows = []; rows.append(user.emailAddress); mail = rows[0]",
        "rows = [u.emailAddress for u in [user]]; mail = ','.join(rows)",
        "mail = {u: u for u in [user.emailAddress]}",
        "mail = None\nfor mail in [user.emailAddress]: pass",
        "mail = user.emailAddress if user else None",
        "mail = user.emailAddress or 'nobody'",
        "mail = json.dumps({'u': user.emailAddress})",
        "mail = json.loads(json.dumps({'u': user.emailAddress}))['u']",
        "mail = base64.b64encode(user.emailAddress.encode()).decode()",
        "if (mail := user.emailAddress): pass",
        "(mail, _), *rest = [(user.emailAddress, 1)]",
        "try:\n    mail = user.emailAddress\nexcept ValueError:\n    mail = None",
        "match user.emailAddress:\n    case mail: pass",
        "mail = list(map(lambda u: u.emailAddress, [user]))",
        "mail = next(iter([user])).emailAddress",
        "mail = getattr(user, 'emailAddress')",
        "mail = ''\nmail += user.emailAddress",
        "mail = {}; mail[user.emailAddress] = 1",
        "seen = {}; seen['a'] = {}; seen['a'][user.emailAddress] = 1; mail = seen",
        "mail = {user.emailAddress: 1}.keys()",
        "for mail in {user.emailAddress: 1}: pass",
        "for mail, _ in {user.emailAddress: 1}.items(): pass",
    ],
)
def test_ways_through_a_function(steps: str) -> None:
    body = textwrap.indent(f"user = tracker.myself()\n{steps}\nprint(mail)", "    ")
    code = f"import base64, json\n{JIRA}def run():\n{body}\n"
    assert ("email",) in [entry[2] for entry in found(code, "pii-log") if entry[5] == "sure"]


@pytest.mark.parametrize(
    "steps",
    [
        "out = len(user.emailAddress)",
        "out = user.emailAddress == 'a'",
        "out = 'a' in user.emailAddress",
        "out = bool(user.emailAddress)",
        "out = user.accountType",
        "out = user.emailAddress; out = 1",
        "record = {'a': user.emailAddress, 'b': 1}; out = record['b']",
        "seen = {}; seen[user.emailAddress] = 1; out = seen['a']",
        "for _, out in {user.emailAddress: 1}.items(): pass",
        "out = {user.emailAddress: 1}.values()",
        "record = {'a': user.emailAddress}; del record['a']; out = record",
        "pair = user.emailAddress, 1; _, out = pair",
        "out = isinstance(user, str)",
        "if user.emailAddress: out = 1\nelse: out = 2",
    ],
)
def test_where_data_stops(steps: str) -> None:
    body = textwrap.indent(f"user = tracker.myself()\n{steps}\nprint(out)", "    ")
    assert found(f"{JIRA}def run():\n{body}\n", "pii-log") == []


def test_a_hash_changes_the_class() -> None:
    code = JIRA + "import hashlib\nprint(hashlib.sha256(tracker.myself().emailAddress.encode()).hexdigest())\n"
    assert data(code, "pii-log") == {"pseudonymised"}


def test_a_branch_that_returns_does_not_count() -> None:
    code = (
        f"{JIRA}def run(flag):\n"
        "    out = 1\n"
        "    if flag:\n"
        "        out = tracker.myself()\n"
        "        return\n"
        "    print(out)\n"
    )
    assert found(code, "pii-log") == []


# ---------------------------------------------------------------- over functions and modules


def test_parameters_and_results_keep_calls_apart() -> None:
    code = (
        f"{JIRA}def same(x):\n"
        "    return x\n"
        "a = same(tracker.myself().emailAddress)\n"
        "b = same('nothing')\n"
        "print(b)\n"
        "print(a)\n"
    )
    assert [entry[1:3] for entry in found(code, "pii-log")] == [(8, ("email",))]
    assert found(code, "pii-log")[0][4] == "inter-function"


def test_methods_and_fields() -> None:
    code = f"""{JIRA}
class Report:
    def __init__(self, user):
        self.mail = user.emailAddress
    def show(self):
        print(self.mail)
Report(tracker.myself()).show()
"""
    assert [entry[1:3] for entry in found(code, "pii-log")] == [(8, ("email",))]


def test_another_module() -> None:
    helper = (
        "import logging\n"
        "log = logging.getLogger(__name__)\n"
        "def note(text, *, extra=None):\n"
        "    log.info('saw %s %s', text, extra)\n"
    )
    code = JIRA + "from lib.notes import note\nnote('x', extra=tracker.myself().displayName)\n"
    assert found(code, "pii-log", lib__notes=helper) == [
        ("lib/notes.py", 4, ("display-name",), None, "inter-file", "sure")
    ]


def test_a_relative_import_and_a_logger_of_the_app() -> None:
    logs = "import logging\nlog = logging.getLogger('app')\n"
    code = f"{JIRA}from .logs import log\nlog.warning(tracker.myself())\n"
    assert [entry[0] for entry in found(code, "pii-log", logs=logs)] == ["main.py"]


def test_a_variable_of_another_module() -> None:
    settings = JIRA + "OWNER = tracker.myself()\n"
    assert found("import settings\nprint(settings.OWNER.emailAddress)\n", "pii-log", settings=settings) == [
        ("main.py", 2, ("email",), None, "inter-file", "sure")
    ]


def test_threads_and_executors() -> None:
    code = f"""{JIRA}
from concurrent.futures import ThreadPoolExecutor
def work(user):
    print(user.emailAddress)
with ThreadPoolExecutor() as pool:
    pool.submit(work, tracker.myself())
"""
    assert [entry[1] for entry in found(code, "pii-log")] == [6]


def test_a_keyword_mapping() -> None:
    code = (
        f"{JIRA}def keep(mail=None, age=0):\n"
        "    print(age)\n"
        "    print(mail)\n"
        f"keep(**{{'mail': tracker.myself().emailAddress}})\n"
    )
    assert [entry[1] for entry in found(code, "pii-log")] == [5]


# ---------------------------------------------------------------- names


def test_a_telling_name_is_likely() -> None:
    code = "def keep(body):\n    email = body['x']\n    print(email)\n    print(body['displayName'])\n"
    assert [(entry[1], entry[2], entry[5]) for entry in found(code, "pii-log")] == [
        (3, ("email",), "likely"),
        (4, ("display-name",), "likely"),
    ]


def test_what_a_name_does_not_tell() -> None:
    assert found("def keep(body):\n    print(body['emailCount'], body['state'])\n", "pii-log") == []


# ---------------------------------------------------------------- stores


def test_a_database_row() -> None:
    code = (
        "import sqlite3\n"
        "db = sqlite3.connect('x')\n"
        "def keep(email, token):\n"
        "    db.execute('INSERT INTO p VALUES (?)', (email,))\n"
        "    db.execute('INSERT INTO t VALUES (?)', (token,))\n"
    )
    assert [entry[1] for entry in found(code, "pii-storage")] == [4]
    assert [entry[1] for entry in found(code, "credential-storage-plain")] == [5]


def test_a_model_object() -> None:
    code = (
        "from sqlalchemy.orm import Session, DeclarativeBase\n"
        "class Base(DeclarativeBase): pass\n"
        "class P(Base): pass\n"
        "def keep(session: Session, form):\n"
        "    session.add(P(mail=form['email']))\n"
    )
    assert data(code, "pii-storage") == {"email"}


def test_forge_storage_over_rest() -> None:
    code = (
        "import requests\n"
        "URL = 'https://api.atlassian.com/forge/storage/kvs/v1'\n"
        "def keep(email):\n"
        "    requests.post(f'{URL}/set', json={'key': 'k', 'value': email})\n"
    )
    assert data(code, "pii-storage") == {"email"}
    assert found(code, "pii-egress") == []


def test_the_environment_gives_secrets() -> None:
    code = "import os\nprint(os.environ['API_TOKEN'])\nprint(os.getenv('REGION'))\n"
    assert [entry[1:3] for entry in found(code, "pii-log")] == [(2, ("secret",))]


# ---------------------------------------------------------------- hosts


@pytest.mark.parametrize(
    ("code", "host"),
    [
        ("requests.get('https://api.example.org/x')", "api.example.org"),
        ("BASE = 'https://api.example.org'\nrequests.get(f'{BASE}/x')", "api.example.org"),
        ("BASE = 'https://api.example.org'\nurl = BASE + '/x'\nrequests.get(url=url)", "api.example.org"),
        ("def get(path): requests.get('https://api.example.org/' + path)", "api.example.org"),
        ("def get(base): requests.get(f'{base}/x')\nget('https://api.example.org')", "api.example.org"),
        ("def get(base='https://api.example.org'): requests.get(base)", "api.example.org"),
        ("CONFIG = {'url': 'https://api.example.org'}\nrequests.get(CONFIG['url'])", "api.example.org"),
        ("requests.get('https://{}/x'.format('a'))", "<dynamic:>"),
        ("requests.get('https://%s.example.org/x' % name)", "*.example.org"),
        ("requests.get(os.environ['TARGET'] + '/x')", "<env:TARGET>"),
        ("requests.get(os.environ.get('TARGET', 'https://api.example.org'))", "api.example.org"),
        ("requests.get(urllib.parse.urljoin('https://api.example.org', path))", "api.example.org"),
        (
            "class C:\n"
            "    base = 'https://api.example.org'\n"
            "    def get(self): requests.get(self.base + '/x')", "api.example.org"),
        ("httpx.Client(base_url='https://api.example.org').post('/x')", "api.example.org"),
        (
            "def f():\n"
            "    with httpx.Client(base_url='https://api.example.org') as c:\n"
            "        c.get('x')", "api.example.org"),
        (
            "class C:\n"
            "    def __init__(self): self.c = httpx.Client(base_url='https://api.example.org')\n"
            "    def get(self): self.c.get('/x')", "api.example.org"),
        ("http.client.HTTPSConnection('api.example.org').request('GET', '/x')", "api.example.org"),
        ("socket.create_connection(('api.example.org', 443))", "api.example.org"),
        ("s = smtplib.SMTP('mail.example.org', 25)\ns.sendmail('a', 'b', 'c')", "mail.example.org"),
        ("r = urllib.request.Request('https://api.example.org/x')\nurllib.request.urlopen(r)", "api.example.org"),
        ("openai.OpenAI().responses.create(input='x')", "api.openai.com"),
        ("openai.OpenAI(base_url='https://llm.example.org/v1').responses.create(input='x')", "llm.example.org"),
    ],
)  # fmt: skip
def test_hosts(code: str, host: str) -> None:
    head = "import http.client, os, socket, smtplib, urllib.parse, urllib.request, httpx, openai, requests\n"
    assert [entry[3] for entry in found(head + code + "\n", "egress-host")] == [host]


def test_the_assignment_before_the_call_tells_the_host() -> None:
    code = """
    import requests
    url = 'https://one.example.org'
    requests.get(url)
    url = 'https://two.example.org'
    requests.get(url)
    if url:
        other = 'https://three.example.org'
    else:
        other = 'https://four.example.org'
    requests.get(other)
    """
    hosts = [(entry[1], entry[3]) for entry in found(textwrap.dedent(code), "egress-host")]
    assert hosts == [
        (4, "one.example.org"),
        (6, "two.example.org"),
        (11, "four.example.org"),
        (11, "three.example.org"),
    ]


def test_a_host_from_another_module() -> None:
    code = "import requests\nfrom settings import API\nrequests.get(API + '/x')\n"
    assert found(code, "egress-host", settings="API = 'https://api.example.org'\n")[0][3] == "api.example.org"


def test_atlassian_and_the_own_machine_are_no_egress() -> None:
    code = "import requests\nrequests.get('https://team.atlassian.net/rest')\nrequests.get('http://localhost:8080')\n"
    assert found(code, "egress-host") == []


def test_what_is_sent() -> None:
    code = (
        "import requests\n"
        "def send(email, token):\n"
        "    requests.post('https://crm.example.org', json={'mail': email}, headers={'Authorization': token})\n"
    )
    assert found(code, "pii-egress") == [("main.py", 3, ("email",), "crm.example.org", "intra-function", "likely")]


def test_a_tracker_host() -> None:
    code = "import requests\nrequests.post('https://api.mixpanel.com/track', json={})\n"
    assert "tracking" in {one.category for one in observed(code)}


# ---------------------------------------------------------------- requests of products, places


def place(code: str, rule: str) -> python.Marked:
    app = app_of({"main.py": code})
    program, _ = python.build(app.sources, Graph())
    marks = engine.run(Subject(root=".", apps=(app,))).marks
    mark = next(mark for mark in marks if mark.rule == rule)
    return python.Marked(mark, RULES[rule], program.files["main.py"], program)


@pytest.mark.parametrize(
    ("url", "product", "shape"),
    [
        ("https://team.atlassian.net/rest/api/3/myself", "jira", "jira-user"),
        ("https://team.atlassian.net/wiki/rest/api/user/current", "confluence", "confluence-user"),
        ("https://api.bitbucket.org/2.0/user", "bitbucket", "bitbucket-user"),
    ],
)
def test_requests_of_products(url: str, product: str, shape: str) -> None:
    marked = place(f"import requests\nrequests.get('{url}')\n", "py-rest-response")
    assert marked.product == product
    assert shapes.of_response(marked.product, marked.url() or "") == shape


def test_environment_variables_have_names() -> None:
    assert place("import os\nos.environ.get('API_TOKEN', 'x')\n", "py-env").variable == "API_TOKEN"
    assert place("import os\nos.environ['API_TOKEN']\n", "py-env").variable == "API_TOKEN"


def test_places_count_code_points_after_a_byte_order_mark() -> None:
    text = b"\xef\xbb\xbfimport logging\nx = '\xc3\xa9'; logging.info('a')\n"
    source = Source(path="main.py", app=".", language="python", text=text)
    app = App(id=".", name="x", root=".", manifest=Manifest(path="m"), sources=(source,))
    (mark,) = (mark for mark in engine.run(Subject(root=".", apps=(app,))).marks if mark.rule == "py-log")
    assert (mark.location.start_line, mark.location.start_column) == (2, 10)
    assert text[mark.start : mark.end] == b"logging.info('a')"


def test_hostile_nesting_is_no_crash() -> None:
    code = (
        "x = 1"
        + " + 1" * 390
        + "\n"
        + "def f():\n"
        + "".join(f"{' ' * n}if x:\n" for n in range(1, 90))
        + " " * 90
        + "print(x)\n"
    )
    assert isinstance(observed(code), list)
