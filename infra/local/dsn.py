"""Where the local ERP is: apart from what runs its server, which an extract need not load."""

from infra.settings import Settings

SUPERUSER = "campuslake"
DATABASE = "erp"


def local_dsn(settings: Settings, database: str = DATABASE) -> str:
    """Returns the libpq DSN of the local server. The password stays in a file of mode 600."""
    passfile = settings.home / "pgpass"
    return f"postgresql://{SUPERUSER}@127.0.0.1:{settings.postgres_port}/{database}?passfile={passfile}"
