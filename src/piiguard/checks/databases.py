"""Databases and object stores outside Forge."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

import libcst as cst

from piiguard.checks.base import HELPER, Detail, Hit, Refinement, Topic, argument, calls, check
from piiguard.checks.meaning import Meaning
from piiguard.facts import names
from piiguard.model import Rule

_FIX = "Keep personal data in Atlassian products and read it when needed, store account ids only, or name the database."
_database = partial(
    check,
    topic="databases",
    role="sink",
    category="pii-storage",
    store="external-db",
    claims=("no-personal-data-stored", "processed-on-atlassian"),
    why="A database of the vendor is outside Atlassian: residency, retention and deletion are the vendor's to promise.",
    fix=_FIX,
    attributes=HELPER,
)

_CONNECTIONS = (
    "sqlite3.connect()",
    "aiosqlite.connect()",
    "psycopg2.connect()",
    "psycopg2.pool.SimpleConnectionPool().getconn()",
    "psycopg2.pool.ThreadedConnectionPool().getconn()",
    "psycopg.connect()",
    "psycopg.Connection.connect()",
    "psycopg.AsyncConnection.connect()",
    "psycopg_pool.ConnectionPool().connection()",
    "pymysql.connect()",
    "MySQLdb.connect()",
    "mysql.connector.connect()",
    "mariadb.connect()",
    "pyodbc.connect()",
    "oracledb.connect()",
    "snowflake.connector.connect()",
    "duckdb.connect()",
    "django.db.connection",
    "django.db.connections[]",
)
_ASYNCPG = ("asyncpg.connect()", "asyncpg.create_pool()", "asyncpg.create_pool().acquire()")
_MONGO = ("insert_one", "insert_many", "update_one", "update_many", "replace_one", "find_one_and_update", "bulk_write")
_REDIS = (
    "set",
    "setex",
    "psetex",
    "setnx",
    "getset",
    "hset",
    "hmset",
    "hsetnx",
    "mset",
    "lpush",
    "rpush",
    "sadd",
    "zadd",
    "xadd",
    "append",
)
_OBJECTS = ("create", "get_or_create", "update_or_create", "bulk_create", "bulk_update", "update")

RULES: tuple[Rule, ...] = (
    _database(
        "py-sql-write",
        title="Writes to an SQL database through a DB-API connection",
        slots=("arg:0", "arg:1|kw:parameters|kw:params|kw:args"),
        callee=calls(
            *(
                f"{connection}{cursor}.{call}()"
                for connection in _CONNECTIONS
                for cursor in ("", ".cursor()")
                for call in ("execute", "executemany", "executescript")
            ),
            *(f"{root}.{call}()" for root in _ASYNCPG for call in ("execute", "executemany", "fetchrow", "fetchval")),
        ),
        references=("https://peps.python.org/pep-0249/",),
    ),
    _database(
        "py-sql-write-unknown",
        title="Runs an SQL statement that writes, on a connection that was handed in",
        confidence="likely",
        slots=("arg:0", "arg:1"),
        callee=calls("?**.execute()", "?**.executemany()"),
        references=("https://peps.python.org/pep-0249/",),
    ),
    _database(
        "py-sqlalchemy-write",
        title="Writes to a database through an SQLAlchemy session or connection",
        slots=("arg:0", "arg:1"),
        callee=calls(
            *(
                f"sqlalchemy.orm.Session().{call}()"
                for call in (
                    "add",
                    "add_all",
                    "merge",
                    "execute",
                    "bulk_save_objects",
                    "bulk_insert_mappings",
                    "bulk_update_mappings",
                )
            ),
            "sqlalchemy.create_engine().connect().execute()",
            "sqlalchemy.create_engine().execute()",
        ),
        references=("https://docs.sqlalchemy.org/en/20/orm/session_basics.html",),
    ),
    _database(
        "py-django-write",
        title="Saves a Django model",
        slots=("arg:*",),
        callee=calls(
            *(f"django.db.models.Model.objects{chain}.{call}()" for chain in ("", ".filter()") for call in _OBJECTS)
        ),
        references=("https://docs.djangoproject.com/en/stable/ref/models/querysets/",),
    ),
    _database(
        "py-model-save",
        title="Saves an object of a database model",
        slots=("root",),
        callee=calls(
            *(
                f"{model}().save()"
                for model in ("django.db.models.Model", "mongoengine.Document", "peewee.Model", "beanie.Document")
            ),
            "beanie.Document().insert()",
            "tortoise.models.Model().save()",
            "django.forms.ModelForm().save()",
        ),
        references=("https://docs.djangoproject.com/en/stable/ref/models/instances/#saving-objects",),
    ),
    _database(
        "py-model-create",
        title="Creates a row through a database model",
        slots=("arg:*",),
        callee=calls(
            "peewee.Model.create()",
            "peewee.Model.insert()",
            "tortoise.models.Model.create()",
            "pynamodb.models.Model()",
        ),
        references=("https://docs.peewee-orm.com/en/latest/peewee/querying.html",),
    ),
    _database(
        "py-mongo-write",
        title="Writes to MongoDB",
        slots=("arg:0", "arg:1"),
        callee=calls(
            *(f"pymongo.MongoClient()**.{call}()" for call in _MONGO),
            *(f"flask_pymongo.PyMongo()**.{call}()" for call in _MONGO),
        ),
        references=("https://pymongo.readthedocs.io/en/stable/api/pymongo/collection.html",),
    ),
    _database(
        "py-redis-write",
        title="Writes to Redis",
        slots=("arg:*",),
        callee=calls(*(f"{root}.{call}()" for root in ("redis.Redis()", "valkey.Valkey()") for call in _REDIS)),
        references=("https://redis.readthedocs.io/en/stable/commands.html",),
    ),
    _database(
        "py-dynamodb-write",
        title="Writes an item to DynamoDB",
        slots=("kw:Item", "kw:ExpressionAttributeValues", "kw:Key", "kw:RequestItems"),
        callee=calls(
            *(
                f"{root}.{call}()"
                for root in (
                    "boto3.resource(dynamodb).Table()",
                    "boto3.resource(dynamodb).Table().batch_writer()",
                    "boto3.client(dynamodb)",
                )
                for call in ("put_item", "update_item", "batch_write_item", "transact_write_items")
            )
        ),
        references=("https://docs.aws.amazon.com/boto3/latest/reference/services/dynamodb.html",),
    ),
    _database(
        "py-s3-write",
        title="Writes an object to S3",
        slots=("kw:Body", "kw:Key", "kw:Metadata", "kw:Tagging"),
        callee=calls(
            "boto3.client(s3).put_object()",
            "boto3.resource(s3).Object().put()",
            "boto3.resource(s3).Bucket().put_object()",
        ),
        references=("https://docs.aws.amazon.com/boto3/latest/reference/services/s3.html",),
    ),
    _database(
        "py-s3-upload",
        title="Uploads a file to S3",
        slots=("arg:0|kw:Fileobj", "arg:2|kw:Key", "kw:ExtraArgs"),
        callee=calls(
            *(
                f"{root}.{call}()"
                for root in ("boto3.client(s3)", "boto3.resource(s3).Bucket()", "boto3.resource(s3).Object()")
                for call in ("upload_fileobj", "upload_file")
            )
        ),
        references=("https://docs.aws.amazon.com/boto3/latest/reference/services/s3.html",),
    ),
    _database(
        "py-cloud-write",
        title="Writes to a store of Google Cloud, Azure, Firebase, Supabase or a search engine",
        slots=("arg:0|kw:data|kw:document|kw:json|kw:body", "kw:id"),
        callee=calls(
            *(f"google.cloud.firestore.Client()**.{call}()" for call in ("set", "add", "update", "create")),
            *(f"firebase_admin.firestore.client()**.{call}()" for call in ("set", "add", "update")),
            *(f"firebase_admin.db.reference()**.{call}()" for call in ("set", "push", "update")),
            "google.cloud.storage.Client()**.upload_from_string()",
            "google.cloud.bigquery.Client().insert_rows_json()",
            "azure.storage.blob.BlobServiceClient()**.upload_blob()",
            "azure.storage.blob.BlobServiceClient.from_connection_string()**.upload_blob()",
            "azure.cosmos.CosmosClient()**.upsert_item()",
            "azure.cosmos.CosmosClient()**.create_item()",
            *(f"supabase.create_client().table().{call}()" for call in ("insert", "upsert", "update")),
            "elasticsearch.Elasticsearch().index()",
            "opensearchpy.OpenSearch().index()",
        ),
        references=("https://cloud.google.com/python/docs/reference",),
    ),
    _database(
        "py-secret-store",
        title="Puts a value into a secret store",
        category="credential-storage-secret",
        store="secret",
        claims=("no-credential-storage", "credentials-encrypted"),
        why="A credential that is kept, even encrypted, has to be named in the answer about credentials.",
        slots=("arg:2", "kw:SecretString", "kw:SecretBinary", "kw:Value", "kw:secret", "kw:payload", "arg:1"),
        callee=calls(
            *(
                f"boto3.client(secretsmanager).{call}()"
                for call in ("create_secret", "put_secret_value", "update_secret")
            ),
            "boto3.client(ssm).put_parameter()",
            "keyring.set_password()",
            "hvac.Client().secrets.kv.v2.create_or_update_secret()",
            "google.cloud.secretmanager.SecretManagerServiceClient().add_secret_version()",
            "azure.keyvault.secrets.SecretClient().set_secret()",
        ),
        references=("https://docs.aws.amazon.com/boto3/latest/reference/services/secretsmanager.html",),
    ),
    check(
        "py-sql-schema",
        topic="databases",
        role="observation",
        category="schema-declaration",
        confidence="likely",
        store="external-db",
        title="Declares a table column for personal data",
        claims=("no-personal-data-stored",),
        why="A column for personal data says what the database is meant to hold.",
        fix=_FIX,
        references=("https://docs.sqlalchemy.org/en/20/orm/declarative_tables.html",),
    ),
)

_SQL_WRITES = re.compile(r"\b(insert|update|replace|merge|upsert|copy|call|exec)\b", re.IGNORECASE)
_SQL_OTHER = re.compile(
    r"^\s*(select|delete|create|drop|alter|truncate|pragma|begin|commit|rollback|grant|set|show|explain|vacuum|with)\b",
    re.IGNORECASE,
)
_SQL_COLUMNS = re.compile(r"\bcreate\s+table\b[^(]*\((?P<columns>.*)\)", re.IGNORECASE | re.DOTALL)
_COLUMN = re.compile(r"""^\s*["'`\[]?(?P<name>\w+)["'`\]]?\s+\w+""")
_COLUMN_CALLS = re.compile(
    r"sqlalchemy\.(?:orm\.)?(?:Column|mapped_column)\(|(?:django\.db\.models|peewee|mongoengine|tortoise\.fields)\.\w*Field\("
)


def _statement(node: cst.CSTNode, module: Meaning) -> str | None:
    """The SQL text of a call's first argument, also inside `sqlalchemy.text(...)`."""
    first = argument(node, 0, "sql", "query", "statement", "operation")
    inner = argument(first, 0) if isinstance(first, cst.Call) and module.path(first.func) == "sqlalchemy.text" else None
    return module.text_of(inner or first)


def _writes(node: cst.CSTNode, module: Meaning) -> Detail | None:
    """A statement that is known to read, delete or declare stores nothing."""
    sql = _statement(node, module)
    return None if sql and _SQL_OTHER.search(sql) and not _SQL_WRITES.search(sql) else Detail()


def _surely_writes(node: cst.CSTNode, module: Meaning) -> Detail | None:
    """Of a receiver of which nothing is known, only the SQL itself tells that it is a database."""
    sql = _statement(node, module)
    return Detail() if sql and _SQL_WRITES.search(sql) and not _SQL_OTHER.search(sql) else None


def _session_writes(node: cst.CSTNode, module: Meaning) -> Detail | None:
    """`session.execute` reads as often as it writes: it counts for `insert(...)`, `update(...)` or such a text."""
    if not isinstance(node, cst.Call) or not isinstance(node.func, cst.Attribute) or node.func.attr.value != "execute":
        return Detail()
    first = argument(node, 0)
    path = module.path(first) or ""
    built = re.match(r"sqlalchemy\.(dialects\.\w+\.|sql\.expression\.)?(insert|update)\(", path) or ".insert(" in path
    sql = _statement(node, module)
    return Detail() if built or (sql and _SQL_WRITES.search(sql) and not _SQL_OTHER.search(sql)) else None


def _columns_of(node: cst.CSTNode, module: Meaning) -> set[str]:
    """The columns that a place declares: `email = Column(...)` in a model, or the text of CREATE TABLE."""
    if isinstance(node, cst.SimpleString):
        table = _SQL_COLUMNS.search(module.text_of(node) or "")
        columns = (_COLUMN.match(part) for part in table["columns"].split(",")) if table else ()
        return {column["name"] for column in columns if column}
    if not isinstance(node, cst.Assign | cst.AnnAssign):
        return set()
    target = node.targets[0].target if isinstance(node, cst.Assign) else node.target
    declares = isinstance(node.value, cst.Call) and _COLUMN_CALLS.match(module.path(node.value) or "")
    return {target.value} if declares and isinstance(target, cst.Name) else set()


def _scan(module: Meaning) -> Iterator[Hit]:
    for node in module.nodes(cst.SimpleString, cst.Assign, cst.AnnAssign):
        data = sorted(filter(None, {names.data_class(name) for name in _columns_of(node, module)}))
        if data:
            yield Hit("py-sql-schema", node, Detail(data=tuple(data)))


_REFINE: dict[str, Refinement] = {
    "py-sql-write": _writes,
    "py-sql-write-unknown": _surely_writes,
    "py-sqlalchemy-write": _session_writes,
}
TOPIC = Topic(
    rules=RULES,
    refine=_REFINE,
    scan=_scan,
    screen=re.compile(r"create\s+table|\bColumn\(|mapped_column\(|Field\(", re.IGNORECASE),
)
