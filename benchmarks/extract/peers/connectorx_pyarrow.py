"""ConnectorX into Arrow, CSV by pyarrow, boto3's multipart upload."""

import io
import os
import sys

import boto3
import connectorx
from pyarrow import csv

client = boto3.client("s3", endpoint_url=os.environ["PEER_S3"])
for table in sys.argv[2:]:
    rows = connectorx.read_sql(
        os.environ["PEER_DSN"],
        f"select * from {table}",  # noqa: S608
        return_type="arrow",
    )
    text = io.BytesIO()
    csv.write_csv(rows, text)
    text.seek(0)
    client.upload_fileobj(text, os.environ["PEER_BUCKET"], f"{sys.argv[1]}/{table}.csv")
