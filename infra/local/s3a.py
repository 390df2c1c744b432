"""How the local engine and metastore reach the object store: Hadoop's S3A client."""

from infra.local.credentials import local_credentials
from infra.object_store import s3_endpoint
from infra.settings import Settings


def s3a_conf(settings: Settings) -> dict[str, str]:
    """Returns Hadoop's settings of the client, without credentials."""
    return {
        "fs.s3a.endpoint": s3_endpoint(settings) or "",
        "fs.s3a.path.style.access": "true",
        "fs.s3a.connection.ssl.enabled": "false",
        "fs.s3a.aws.credentials.provider": (
            "com.amazonaws.auth.EnvironmentVariableCredentialsProvider"
        ),
        # On its way to the store a file stays in memory: on disk it would lie outside the store.
        "fs.s3a.fast.upload.buffer": "bytebuffer",
        "fs.s3a.multipart.size": "16M",
        # A dead object store is told within seconds, not minutes.
        "fs.s3a.attempts.maximum": "1",
        "fs.s3a.retry.limit": "2",
        "fs.s3a.retry.interval": "100ms",
        "fs.s3a.connection.establish.timeout": "3000",
    }


def s3a_environment(settings: Settings) -> dict[str, str]:
    """Returns the local store's keys as the variables that S3A reads.

    An environment is readable by its owner only; command lines and Spark's settings are not.
    """
    keys = local_credentials(settings.home)
    return {
        "AWS_ACCESS_KEY_ID": keys.s3_access_key,
        "AWS_SECRET_ACCESS_KEY": keys.s3_secret_key,
    }
