"""Where the ERP is: the one the settings name, else the local one."""

from infra.local.postgres import local_dsn
from infra.settings import Settings


def erp_dsn(settings: Settings) -> str:
    """Returns the libpq DSN of the ERP. It may hold a password: never show or log it."""
    if settings.erp_dsn is not None:
        return settings.erp_dsn.get_secret_value()
    return local_dsn(settings)
