"""Every setting of campuslake, read once from the environment.

`CAMPUSLAKE_<FIELD>` sets a field; the defaults describe the local stack. Nothing else in
the Python code reads the environment (dbt's profile reads the same variables).
"""

from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, StringConstraints, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

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

    bucket: BucketName = Field("campuslake", description="S3 bucket of staging zone and warehouse")
    s3_endpoint: str | None = Field(None, description="S3 endpoint; else the local store, or AWS")

    thrift_host: str = Field("127.0.0.1", description="Host of the Spark Thrift server")
    thrift_port: Port = Field(10000, description="Port of the Spark Thrift server")
    schema_prefix: Identifier = Field(
        "campus", alias="CAMPUSLAKE_SCHEMA", description="Prefix of every database"
    )

    local_stack: bool = Field(True, description="False: S3 and Thrift server are somewhere else")
    postgres_port: Port = 5433
    s3_port: Port = Field(8333, description="S3; its inner ports follow (see infra/local/s3.py)")
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
