"""Every setting of campuslake, read once from the environment.

`CAMPUSLAKE_<FIELD>` sets a field; the defaults describe the local stack. Nothing else in
the Python code reads the environment (dbt's profile reads the same variables).
"""

import re
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, StringConstraints, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from infra import REPOSITORY
from infra.errors import CampuslakeError

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
BucketName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
Port = Annotated[int, Field(ge=1024, le=65535)]


class Settings(BaseSettings):
    """The settings of one process. Frozen: a changed setting is a new process."""

    model_config = SettingsConfigDict(
        env_prefix="CAMPUSLAKE_", env_ignore_empty=True, frozen=True, populate_by_name=True
    )

    home: Path = Field(REPOSITORY / ".campuslake", description="State of the local stack")
    jars: Path = Field(REPOSITORY / ".campuslake" / "jars", description="Spark's extra jars")

    erp_dsn: SecretStr | None = Field(None, description="libpq DSN of the ERP; else the local one")
    erp_schema: str = Field("public", description="PostgreSQL schema that holds the ERP's tables")
    erp_scale: str = Field("demo", description="What `campuslake run` generates into an empty ERP")
    erp_seed: int = Field(42, description="Seed of the generated ERP")

    extract_contract: Path = Field(
        REPOSITORY / "extract" / "contract.yml", description="Tables and columns to extract"
    )
    extract_connections: Annotated[int, Field(ge=1, le=16)] = Field(
        2, description="Connections to the ERP that copy at the same time"
    )
    extract_compression: Literal["gzip", "none"] = "gzip"
    extract_rate_mb: Annotated[float, Field(gt=0)] | None = Field(
        None, description="Most MB of CSV a second that an extract asks of the ERP"
    )
    extract_statement_timeout: str = Field("1h", description="Longest single COPY of an extract")
    extract_lock_timeout: str = Field("10s", description="Longest wait of an extract for a lock")

    extract_changes: bool = Field(
        False, description="Carry only what changed of the tables whose `changes` can be told"
    )
    extract_full_every: Annotated[int, Field(ge=1)] = Field(
        7, description="Of so many runs with changes one is full and proves the changes"
    )
    extract_keep_runs: Annotated[int, Field(ge=1)] = Field(
        7, description="Committed runs that `python -m extract prune` keeps"
    )

    bucket: BucketName = Field("campuslake", description="S3 bucket of staging zone and warehouse")
    s3_endpoint: str | None = Field(None, description="S3 endpoint; else the local store, or AWS")
    s3_kms_key: str | None = Field(None, description="KMS key of new objects; else the bucket's")

    thrift_host: str = Field("127.0.0.1", description="Host of the Spark Thrift server")
    thrift_port: Port = Field(10000, description="Port of the Spark Thrift server")
    schema_prefix: Identifier = Field(
        "campus", alias="CAMPUSLAKE_SCHEMA", description="Prefix of every database"
    )

    publish_keep_runs: Annotated[int, Field(ge=1)] = Field(
        7, description="Published runs that stay, to go back to"
    )
    privacy_key: SecretStr | None = Field(
        None, description="Key of the hashes that stand for people (audit log, registry)"
    )

    local_stack: bool = Field(True, description="False: S3 and Thrift server are somewhere else")
    postgres_port: Port = 5433
    s3_port: Annotated[int, Field(ge=1024, le=65535 - 7)] = Field(
        8333, description="S3; its inner ports follow (see infra/local/s3.py)"
    )
    metastore_port: Port = 9083
    spark_memory: str = Field("4g", description="Heap of the local Spark Thrift server")
    spark_conf: dict[str, str] = Field({}, description="More settings of the local Spark, as JSON")
    docs_port: Port = Field(8081, description="Port of `make docs-serve`")
    notebooks_port: Port = Field(8888, description="Port of JupyterLab (`make lab`)")

    admin_password: SecretStr | None = Field(
        None, description="Password of the user admin of Airflow and Superset; else made once"
    )
    superset_port: Port = Field(8088, description="Port of the dashboards")
    superset_keep_days: Annotated[int, Field(ge=1, le=36_500)] = Field(
        90, description="Days that what was typed into SQL Lab, and Superset's log, are kept"
    )
    airflow_port: Port = Field(8080, description="Port of Airflow's web page")
    airflow_parallelism: Annotated[int, Field(ge=1)] = Field(
        4, description="Tasks that Airflow runs at the same time"
    )
    airflow_daily: str = Field("30 3 * * *", description="Cron line of campus_daily, or off")
    airflow_daily_emr: str = Field("off", description="Cron line of campus_daily_emr, or off")
    airflow_maintenance: str = Field(
        "30 12 * * 0", description="Cron line of campus_maintenance, or off"
    )
    airflow_deadline_minutes: Annotated[float, Field(gt=0)] = Field(
        240, description="People are told of a run that has not ended so long after it was queued"
    )

    emr_place: Path = Field(
        REPOSITORY / ".campuslake" / "emr_place.json",
        description="Where EMR clusters run: output `emr_place` of Terraform",
    )

    notify_webhook: SecretStr | None = Field(
        None, description="URL that is posted what failed and what was done, as JSON with a `text`"
    )
    notify_email: str | None = Field(None, description="Address that is told the same")
    notify_sender: str = Field(
        "campuslake@localhost", description="Address that the e-mail comes from"
    )
    smtp_url: SecretStr | None = Field(
        None, description="smtp://USER:PASSWORD@HOST:PORT or smtps://…, for that address"
    )

    @property
    def staging_database(self) -> str:
        """Database of the external CSV tables and the staging models."""
        return f"{self.schema_prefix}_staging"

    @property
    def build_database(self) -> str:
        """Database of what is made on the way, key map included, that only engineers read."""
        return f"{self.schema_prefix}_build"

    @property
    def marts_database(self) -> str:
        """Database of the tables behind the published views: pseudonymous, not audited yet."""
        return f"{self.schema_prefix}_marts"

    @property
    def identity_database(self) -> str:
        """Database of the published views with names and e-mails."""
        return f"{self.schema_prefix}_identity"

    @property
    def identity_marts_database(self) -> str:
        """Database of the tables behind those views, not audited yet."""
        return f"{self.schema_prefix}_identity_marts"

    @property
    def candidate_prefix(self) -> str:
        """How the views begin through which the staging gate judges a run."""
        return f"{self.schema_prefix}_candidate"

    @property
    def history_database(self) -> str:
        """Database of the dbt snapshots."""
        return f"{self.schema_prefix}_history"

    @property
    def databases(self) -> tuple[str, ...]:
        """Every database of the target that may hold people's rows, the published ones first."""
        return (
            self.schema_prefix,
            self.identity_database,
            self.staging_database,
            self.build_database,
            self.marts_database,
            self.identity_marts_database,
            self.history_database,
        )

    @property
    def artifacts(self) -> Path:
        """Folder of what runs write for people: Data Docs, catalog, logs."""
        return self.home / "artifacts"


@cache
def settings() -> Settings:
    """Returns this process's settings.

    Raises `CampuslakeError` naming the variable when one does not hold a usable value.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]).upper().removeprefix("CAMPUSLAKE_")
        raise CampuslakeError(
            f"setting CAMPUSLAKE_{name} is not usable: {first['msg']}",
            "correct or unset that environment variable",
        ) from None
    except SettingsError as error:
        field = re.search(r'field "(\w+)"', str(error))
        raise CampuslakeError(
            f"setting CAMPUSLAKE_{field[1].upper() if field else '…'} is not JSON",
            "correct or unset that environment variable",
        ) from None
