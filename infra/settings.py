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

from infra.errors import CampuslakeError

REPOSITORY = Path(__file__).resolve().parent.parent

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

    local_stack: bool = Field(True, description="False: S3 and Thrift server are somewhere else")
    postgres_port: Port = 5433
    s3_port: Annotated[int, Field(ge=1024, le=65535 - 7)] = Field(
        8333, description="S3; its inner ports follow (see infra/local/s3.py)"
    )
    metastore_port: Port = 9083
    spark_memory: str = Field("4g", description="Heap of the local Spark Thrift server")
    spark_conf: dict[str, str] = Field({}, description="More settings of the local Spark, as JSON")
    docs_port: Port = Field(8081, description="Port of `make docs-serve`")

    @property
    def staging_database(self) -> str:
        """Database of the external CSV tables and the staging models."""
        return f"{self.schema_prefix}_staging"

    @property
    def build_database(self) -> str:
        """Database of intermediate and mart tables that nobody but engineers reads."""
        return f"{self.schema_prefix}_build"

    @property
    def identity_database(self) -> str:
        """Database of the published views with names and e-mails."""
        return f"{self.schema_prefix}_identity"

    @property
    def candidate_prefix(self) -> str:
        """How the views begin through which the staging gate judges a run."""
        return f"{self.schema_prefix}_candidate"

    @property
    def history_database(self) -> str:
        """Database of the dbt snapshots."""
        return f"{self.schema_prefix}_history"

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
