"""Settings of Superset: French pages over the lake of this repository. It reads this by itself."""

import logging
import os
import re
from pathlib import Path
from urllib.parse import quote

from pyhive.sqlalchemy_hive import HiveCompiler, HiveDialect
from query_guard import only_queries, require_database
from sqlalchemy.sql.compiler import SQLCompiler
from sqlglot import Dialects
from superset.errors import SupersetErrorType

# It logs each statement, and people type names into theirs.
logging.getLogger("pyhive").setLevel(logging.WARNING)

HOME = Path(os.environ["SUPERSET_HOME"])
SECRET_KEY = os.environ["SUPERSET_SECRET_KEY"]
SQLALCHEMY_DATABASE_URI = f"sqlite:///{HOME / 'superset.db'}?timeout=30"
FEATURE_FLAGS = {"RLS_IN_SQLLAB": True, "ENABLE_TEMPLATE_PROCESSING": True}

# Answers stay until the next publication, which empties the folder (`campuslake publish`).
CACHE_SECONDS = 24 * 60 * 60
DATA_CACHE_CONFIG = {
    "CACHE_TYPE": "FileSystemCache",
    "CACHE_DIR": os.environ["CAMPUSLAKE_SUPERSET_CACHE"],
    "CACHE_DEFAULT_TIMEOUT": CACHE_SECONDS,
    "CACHE_THRESHOLD": 5000,
}
CACHE_DEFAULT_TIMEOUT = CACHE_SECONDS
CACHE_CONFIG = {"CACHE_TYPE": "SimpleCache", "CACHE_DEFAULT_TIMEOUT": CACHE_SECONDS}
FILTER_STATE_CACHE_CONFIG = {
    "CACHE_TYPE": "FileSystemCache",
    "CACHE_DIR": str(HOME / "filters"),
    "CACHE_DEFAULT_TIMEOUT": CACHE_SECONDS,
    "REFRESH_TIMEOUT_ON_RETRIEVAL": True,
}
EXPLORE_FORM_DATA_CACHE_CONFIG = FILTER_STATE_CACHE_CONFIG | {"CACHE_DIR": str(HOME / "explore")}

BABEL_DEFAULT_LOCALE = "fr"
LANGUAGES = {
    "fr": {"flag": "fr", "name": "Français"},
    "en": {"flag": "gb", "name": "English"},
}
NARROW_SPACE = "\u202f"
D3_FORMAT = {
    "decimal": ",",
    "thousands": NARROW_SPACE,
    "grouping": [3],
    "currency": ["", "\u00a0€"],
    "percent": "\u00a0%",
}
D3_TIME_FORMAT = {
    "dateTime": "%A %e %B %Y à %X",
    "date": "%d/%m/%Y",
    "time": "%H:%M:%S",
    "periods": ["AM", "PM"],
    "days": ["dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"],
    "shortDays": ["dim.", "lun.", "mar.", "mer.", "jeu.", "ven.", "sam."],
    "months": [
        *("janvier", "février", "mars", "avril", "mai", "juin"),
        *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
    ],
    "shortMonths": [
        *("janv.", "févr.", "mars", "avr.", "mai", "juin"),
        *("juil.", "août", "sept.", "oct.", "nov.", "déc."),
    ],
}

APP_NAME = "campuslake"
LOGO = (
    "<svg xmlns='http://www.w3.org/2000/svg' width='150' height='32'>"
    "<path d='M2 20q5-6 10 0t10 0' fill='none' stroke='#0072B2' stroke-width='3'/>"
    "<path d='M2 27q5-6 10 0t10 0' fill='none' stroke='#56B4E9' stroke-width='3'/>"
    "<path d='M12 4 22 9 12 14 2 9z' fill='#0072B2'/>"
    "<text x='30' y='22' font-family='sans-serif' font-size='18' fill='#222'>campuslake</text>"
    "</svg>"
)
FAVICON = quote(LOGO.replace("width='150'", "width='24'"))
FAVICONS = [{"href": f"data:image/svg+xml,{FAVICON}", "type": "image/svg+xml"}]
THEME_DEFAULT = {
    "algorithm": "default",
    "token": {
        "brandLogoAlt": "campuslake",
        "brandLogoHref": "/dashboard/list/",
        "brandLogoUrl": f"data:image/svg+xml,{quote(LOGO)}",
        "brandLogoHeight": "32px",
        "colorLink": "#0072B2",
        "colorPrimary": "#0072B2",
        "fontFamily": "Inter, Helvetica, Arial, sans-serif",
        "fontFamilyCode": "'IBM Plex Mono', 'Courier New', monospace",
        "fontWeightStrong": "500",
    },
}
# Okabe and Ito's colours and two more, for the ten campuses of a school, which the colour-blind
# tell apart; viridis for amounts.
EXTRA_CATEGORICAL_COLOR_SCHEMES = [
    {
        "id": "campuslake",
        "description": "Okabe and Ito",
        "label": "campuslake",
        "isDefault": True,
        "colors": [
            *("#0072B2", "#E69F00", "#009E73", "#CC79A7"),
            *("#56B4E9", "#D55E00", "#555555", "#B5A400"),
            *("#882255", "#000000"),
        ],
    }
]

SQL_MAX_ROW = 100_000
SQLLAB_TIMEOUT = 120
SUPERSET_WEBSERVER_TIMEOUT = 120
# Pages load nothing from elsewhere, nor tell anybody that they were opened.
TALISMAN_ENABLED = True
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "script-src": ["'self'", "'strict-dynamic'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": False,
}


def _table_names(_dialect, connection, schema=None, **_):
    """Lists tables as Spark does: with the namespace first, which PyHive takes for the name."""
    statement = f"SHOW TABLES IN `{schema}`" if schema else "SHOW TABLES"
    return [row[1] for row in connection.exec_driver_sql(statement)]


_visit_column = HiveCompiler.visit_column


def _column(compiler, column, *arguments, **more):
    """Writes a column; PyHive takes a calculation with points in it for a name with a schema."""
    written = SQLCompiler.visit_column if column.is_literal else _visit_column
    return written(compiler, column, *arguments, **more)


HiveDialect.get_table_names = _table_names
HiveCompiler.visit_column = _column


def _view_names(_spec, database, inspector, schema):  # noqa: ARG001
    """Lists views as Spark does: the same."""
    with database.get_raw_connection(schema=schema) as connection:
        cursor = connection.cursor()
        cursor.execute(f"SHOW VIEWS IN `{schema}`" if schema else "SHOW VIEWS")
        return {row[1] for row in cursor.fetchall()}


def _sentence(_spec, error):
    """Returns what the engine says, without the protocol and Java's stack around it."""
    said = re.search(
        r"errorMessage=(['\"])(.*?)\1, operationHandle|errorMessage=(.*)", str(error), re.S
    )
    words = (said[2] or said[3]) if said else str(error)
    return re.sub(r"^Error running query: |\borg\.apache\.\S+Exception: ", "", words)


def _words(of_superset):
    """Returns what tells people of an error: what to do, else the engine's own sentence."""

    def told(error):
        said = of_superset(error)
        for pattern, (what_to_do, *_) in CUSTOM_DATABASE_ERRORS["campuslake"].items():
            if pattern.search(said):
                return what_to_do
        return _sentence(None, said)

    return told


def FLASK_APP_MUTATOR(app):
    """Corrects what cannot be imported before Superset itself is."""
    from dataset_templates import ChosenFilters
    from superset.db_engine_specs.hive import HiveEngineSpec
    from superset.sql.parse import SQLGLOT_DIALECTS
    from superset.utils import core

    app.config["CUSTOM_TEMPLATE_PROCESSORS"] = {"hive": ChosenFilters}
    SQLGLOT_DIALECTS["hive"] = Dialects.SPARK
    HiveEngineSpec._extract_error_message = classmethod(_sentence)
    # SQL Lab asks the engine's specification for words, charts do not.
    core.error_msg_from_exception = _words(core.error_msg_from_exception)
    HiveEngineSpec.get_view_names = classmethod(_view_names)
    # A part of the address that Trino takes for a catalog is the database here.
    HiveEngineSpec.supports_catalog = False
    HiveEngineSpec.get_default_catalog = classmethod(lambda _spec, _database: None)
    # Spark sorts by what is not selected. Superset would select it a second time.
    HiveEngineSpec.allows_hidden_orderby_agg = True


def SQL_QUERY_MUTATOR(sql, security_manager, **_):
    """Lets queries of what the user may read pass and nothing else."""
    return only_queries(sql, security_manager)


def DB_CONNECTION_MUTATOR(uri, params, _username, security_manager, _source):
    """Connects to databases that the user may read: tables without one are looked for there."""
    require_database(uri.database, security_manager)
    return uri, params


# What the engine's errors mean to somebody who looks, and what to do: by database.
CUSTOM_DATABASE_ERRORS = {
    "campuslake": {
        re.compile(r"TABLE_OR_VIEW_NOT_FOUND|SCHEMA_NOT_FOUND"): (
            "Cette table n'existe pas. Si rien n'est encore publié : `make run`, puis rechargez. "
            "(No such table. If nothing is published yet: `make run`, then reload.)",
            SupersetErrorType.TABLE_DOES_NOT_EXIST_ERROR,
            {},
        ),
        re.compile(r"Could not connect|TSocket|Connection refused"): (
            "Le moteur ne répond pas : lancez `campuslake up`. "
            "(The engine does not answer: `campuslake up`.)",
            SupersetErrorType.CONNECTION_HOST_DOWN_ERROR,
            {},
        ),
    }
}
