"""dlt's sql_database to CSV on S3, with the backend that the first argument names."""

import os
import sys

import dlt
from dlt.destinations import filesystem
from dlt.sources.sql_database import sql_database

backend, prefix, *tables = sys.argv[1:]
source = sql_database(
    credentials=os.environ["PEER_DSN"], schema="public", table_names=tables, backend=backend
)
destination = filesystem(
    bucket_url=f"s3://{os.environ['PEER_BUCKET']}/{prefix}",
    credentials={
        "aws_access_key_id": os.environ["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": os.environ["AWS_SECRET_ACCESS_KEY"],
        "endpoint_url": os.environ["PEER_S3"],
    },
)
pipeline = dlt.pipeline(prefix, destination=destination, pipelines_dir=os.environ["PEER_TMP"])
pipeline.run(source, loader_file_format="csv", write_disposition="replace")
