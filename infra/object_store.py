"""Clients of the object store: the local one by its own keys, AWS by the usual chain."""

from typing import Any

import boto3
from botocore.config import Config

from infra.local.credentials import local_credentials
from infra.settings import Settings


def s3_endpoint(settings: Settings) -> str | None:
    """Returns the S3 endpoint's URL, or None for AWS's own."""
    if settings.s3_endpoint:
        return settings.s3_endpoint
    return f"http://127.0.0.1:{settings.s3_port}" if settings.local_stack else None


def s3_client(settings: Settings, patient: bool = True, connections: int = 16) -> Any:
    """Returns a boto3 S3 client.

    A patient one retries passing errors; an impatient one, for health checks, asks once. With
    the local store it uses that store's keys, else the usual AWS settings (environment, profile,
    instance role).
    """
    keys: dict[str, str] = {}
    if settings.local_stack and not settings.s3_endpoint:
        local = local_credentials(settings.home)
        keys = {
            "aws_access_key_id": local.s3_access_key,
            "aws_secret_access_key": local.s3_secret_key,
            "region_name": "us-east-1",
        }
    endpoint = s3_endpoint(settings)
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        config=Config(
            connect_timeout=5,
            read_timeout=60 if patient else 5,
            retries={"mode": "standard", "total_max_attempts": 4 if patient else 1},
            max_pool_connections=connections,
            s3={"addressing_style": "path"} if endpoint else None,
        ),
        **keys,
    )
