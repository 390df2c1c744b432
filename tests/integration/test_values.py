"""Every value that PostgreSQL holds comes out of Spark as it went in."""

import contextlib
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg2
import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from psycopg2 import sql
from psycopg2.extensions import make_dsn, new_type, register_type
from pydantic import SecretStr
from rich.progress import Progress

from extract.run import extract
from extract.source import SESSION
from extract.zone import StagingZone
from gates.layers import CSV_OPTIONS
from infra.errors import CampuslakeError
from infra.settings import Settings
from infra.spark_sql import execute, query
from tests.conftest import Erp, bucket_of

SILENT = Progress(disable=True)

# PostgreSQL holds every character but NUL; a surrogate is none.
CHARACTERS = st.characters(exclude_characters="\0", exclude_categories=("Cs",))
HOSTILE_TEXTS = [
    *("", " ", "  both  ", "\t", "\n", "\r", "\r\n", "a\rb\nc\r\nd", '"', '""', '"a"', "'", ","),
    *(";", "|", "\\", "\\N", "\\.", "a\\", '\\"', "\\n", "NULL", "null", "\x01", "\x1a", "\x1f"),
    *("\x7f", "\x85", "\u2028", "\ufeff", "\ufffe", "é", "e\u0301", "שלום", "\u202eabc", "日本"),
    *("👩‍👩‍👧", "🎓", "#comment", "=1+1", "true", "1e5", "0x1F", "2026-01-01", "$", "{}"),
]
TEXTS = st.sampled_from(HOSTILE_TEXTS) | st.text(CHARACTERS, max_size=40)
FLOATS = st.floats(allow_nan=True).map(repr)
NUMERICS = st.decimals(allow_nan=False, allow_infinity=False, places=None).map(
    lambda value: f"{value:f}"
) | st.sampled_from(["NaN", "0.000", "-0.10", "1" * 120 + "." + "2" * 120])
DATES = st.dates().map(str) | st.sampled_from(
    ["infinity", "-infinity", "0044-03-15 BC", "4713-01-01 BC", "12345-06-07", "2024-02-29"]
)
CLOCKS = st.times().map(str) | st.sampled_from(["24:00:00", "23:59:59.999999"])
TIMESTAMPS = st.datetimes().map(str) | st.sampled_from(
    ["infinity", "-infinity", "0001-01-01 00:00:00 BC", "12345-06-07 08:09:10.1"]
)
INSTANTS = TIMESTAMPS | st.sampled_from(
    [  # the hour that is there twice, and the one that is not, and a zone of minutes and seconds
        *("2026-10-25 02:30:00+02", "2026-10-25 02:30:00+01", "2026-03-29 02:30:00 Europe/Paris"),
        *("1890-01-01 00:00:00 Europe/Paris", "2026-10-25 02:30:00 Europe/Paris"),
    ]
)
JSON_TEXTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(CHARACTERS, max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text('ab"\\,\n', max_size=3), inner)
    ),
    max_leaves=5,
)


def integers(bits: int) -> st.SearchStrategy[str]:
    return st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1).map(str)


def array_of(texts: st.SearchStrategy[str]) -> st.SearchStrategy[list[str | None]]:
    return st.lists(st.none() | texts, max_size=4)


def as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\\u0000", "")


# What a column of each type is filled with: text that PostgreSQL casts to the type.
VALUES = {
    "text": TEXTS,
    "character varying(60)": TEXTS,
    "character(50)": TEXTS,
    "smallint": integers(16),
    "integer": integers(32),
    "bigint": integers(64),
    "numeric": NUMERICS,
    "numeric(38,10)": st.decimals(-(10**20), 10**20, places=10).map(str),
    "numeric(5,2)": st.decimals(-999, 999, places=2).map(str),
    "real": st.floats(width=32).map(repr),
    "double precision": FLOATS,
    "boolean": st.sampled_from(["true", "false"]),
    "date": DATES,
    "time without time zone": CLOCKS,
    "time with time zone": CLOCKS.map(lambda clock: f"{clock}+05:30"),
    "timestamp without time zone": TIMESTAMPS,
    "timestamp with time zone": INSTANTS,
    "interval": st.sampled_from(["1 year 2 mons -3 days 04:05:06.789", "-1 mon", "0", "100 years"]),
    "bytea": st.binary(max_size=30).map(lambda data: "\\x" + data.hex()),
    "uuid": st.uuids().map(str),
    "json": JSON_TEXTS.map(as_json),
    "jsonb": JSON_TEXTS.map(as_json),
    "text[]": array_of(TEXTS),
    "integer[]": array_of(integers(32)),
    "inet": st.ip_addresses().map(str),
    "money": st.decimals(-1000, 1000, places=2).map(str),
    "int4range": st.sampled_from(["empty", "[1,5)", "(,7]"]),
    "bit varying(9)": st.text("01", max_size=9),
    "point": st.sampled_from(["(1,2)", "(-0.5,1e300)"]),
    "mood": st.sampled_from(["happy", "so, so", 'the "worst"\n', "''"]),
    "email": TEXTS,  # a domain over text
}
ODD_NAMES = [
    *("with space", "UPPER", "select", "semi;colon", "dot.name", "back`tick", 'quote"q', "apos'q"),
    *(
        "new\nline",
        "tab\tx",
        "Ünï",
        "emoji🎓",
        "  lead",
        "trail ",
        "%s",
        "%(a)s",
        "a\\b",
        "{}",
        "$1",
    ),
]


@dataclass(frozen=True)
class Landing:
    """An ERP of one table `held`, and the bucket that it is extracted to."""

    erp: Erp
    settings: Settings

    def create(self, columns: dict[str, str]) -> None:
        """Makes the table anew, with an id, and the contract that promises it."""
        declared = sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind))
            for name, kind in columns.items()
        )
        self._execute(sql.SQL("drop table if exists held"))
        self._execute(sql.SQL("create table held (id integer primary key, {})").format(declared))
        promised = {"tables": {"held": {"id": "integer"}}}
        self.settings.extract_contract.write_text(yaml.safe_dump(promised))

    def insert(self, columns: dict[str, str], rows: list[list[object]]) -> None:
        """Replaces the rows of the table."""
        casts = sql.SQL(", ").join(sql.SQL("%s::{}").format(sql.SQL(k)) for k in columns.values())
        statement = sql.SQL("insert into held values (%s, {})").format(casts)
        with self._session() as session, session.cursor() as cursor:
            cursor.execute("truncate held")
            cursor.executemany(statement, [[n, *row] for n, row in enumerate(rows)])

    def held(self) -> list[tuple[str | None, ...]]:
        """The table's rows as PostgreSQL prints them, booleans in words."""
        with self._session() as session, session.cursor() as cursor:
            for name, value in SESSION.items():
                cursor.execute("select set_config(%s, %s, false)", (name, value))
            cursor.execute("select oid from pg_type")
            oids = tuple(oid for (oid,) in cursor.fetchall())
            words = {"t": "true", "f": "false"}
            register_type(new_type(oids, "AS_PRINTED", lambda value, _: value), session)
            register_type(new_type((16,), "IN_WORDS", lambda value, _: words.get(value)), session)
            cursor.execute("select * from held order by id")
            return cursor.fetchall()

    def landed(self) -> list[tuple[str | None, ...]]:
        """The rows of a new extract, as Spark reads them."""
        run_id = extract(self.settings, SILENT).run_id
        view = f"landed_{secrets.token_hex(4)}"
        folder = f"s3a://{self.settings.bucket}/{StagingZone(self.settings).prefix(run_id)}held/"
        execute(
            f"create global temporary view {view} using csv"
            f" options ({CSV_OPTIONS}, path '{folder}')"
        )
        try:
            return query(f"select * from global_temp.{view} order by cast(id as int)")
        finally:
            execute(f"drop view global_temp.{view}")

    def _session(self) -> contextlib.AbstractContextManager:
        return psycopg2.connect(self.erp.dsn, options=f"-c search_path={self.erp.schema}")

    def _execute(self, statement: sql.Composable) -> None:
        with self._session() as session, session.cursor() as cursor:
            cursor.execute(statement)


@pytest.fixture
def landing(stack, empty_erp, tmp_path) -> Iterator[Landing]:
    settings = Settings(
        erp_schema=empty_erp.schema,
        bucket=empty_erp.schema.replace("_", "-"),
        extract_contract=tmp_path / "contract.yml",
    )
    empty_erp.execute("create type mood as enum ('happy', 'so, so', 'the \"worst\"\n', '''''')")
    empty_erp.execute("create domain email as text")
    with bucket_of(settings):
        yield Landing(empty_erp, settings)


@settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_every_value_of_every_type_comes_out_of_spark_as_it_went_in(landing, data):
    columns = {f"c{number}": kind for number, kind in enumerate(VALUES)}
    row = st.tuples(*(st.none() | VALUES[kind] for kind in columns.values())).map(list)
    rows = data.draw(st.lists(row, min_size=1, max_size=25))
    landing.create(columns)
    landing.insert(
        columns, [[cut(v, k) for v, k in zip(r, columns.values(), strict=True)] for r in rows]
    )
    for expected, found in zip(landing.held(), landing.landed(), strict=True):
        for kind, before, after in zip(["id", *columns.values()], expected, found, strict=True):
            assert after == before, f"a value of type {kind} changed: {before!r} to {after!r}"


def cut(value: object, kind: str) -> object:
    """Texts that are too long for a bounded type, made to fit."""
    return value[:50] if isinstance(value, str) and kind.startswith("character") else value


def test_hostile_texts_survive_in_the_first_and_the_last_column_alone_and_in_line(landing):
    columns = {"first": "text", "last": "text"}
    landing.create(columns)
    texts = [*HOSTILE_TEXTS, None]
    landing.insert(columns, [[one, other] for one in texts for other in texts])
    assert landing.landed() == landing.held()


def test_a_generated_column_is_extracted(landing):
    columns = {"name": "text"}
    landing.create(columns)
    landing.insert(columns, [["Zoé"], [None]])
    landing.erp.execute("alter table held add shout text generated always as (upper(name)) stored")
    assert landing.landed() == landing.held() == [("0", "Zoé", "ZOÉ"), ("1", None, None)]


def test_a_column_may_have_any_name(landing):
    columns = dict.fromkeys(ODD_NAMES, "text")
    landing.create(columns)
    landing.insert(columns, [list(columns), [None] * len(columns)])
    assert landing.landed() == landing.held()


@pytest.mark.parametrize(
    ("columns", "named"),
    [
        ({"a,b": "text"}, "held.a,b has a comma"),
        ({"name": "text", "Name": "text"}, "two columns 'name' but for case"),
    ],
)
def test_a_name_that_the_lake_cannot_hold_fails_before_anything_is_written(landing, columns, named):
    landing.create(columns)
    with pytest.raises(CampuslakeError, match=named):
        extract(landing.settings, SILENT)
    assert StagingZone(landing.settings).run_ids() == []


def test_a_table_of_one_column_keeps_its_nulls(landing):
    landing.create({"only": "text"})
    landing.erp.execute("alter table held drop column id")
    landing.erp.execute("insert into held values (null), (''), (null)")
    landing.settings.extract_contract.write_text("tables: {held: {only: text}}")
    manifest = extract(landing.settings, SILENT)
    assert manifest.table("held").rows == 3
    assert [column.name for column in manifest.table("held").columns] == ["only", "_present"]


def test_an_encoding_that_says_nothing_of_its_text_is_refused(landing, postgres):
    name = f"ascii_{secrets.token_hex(4)}"
    session = psycopg2.connect(postgres)
    session.autocommit = True
    with session.cursor() as cursor:
        cursor.execute(f"create database {name} encoding 'SQL_ASCII' locale 'C' template template0")
    session.close()
    dsn = make_dsn(postgres, dbname=name)
    landing.create({"name": "text"})
    with pytest.raises(CampuslakeError, match="SQL_ASCII"):
        extract(landing.settings.model_copy(update={"erp_dsn": SecretStr(dsn)}), SILENT)
