"""The first proof of concept: every row into Python, CSV by the standard library, one PUT."""

import csv
import io
import os
import sys

import boto3
import psycopg2

session = psycopg2.connect(os.environ["PEER_DSN"])
client = boto3.client("s3", endpoint_url=os.environ["PEER_S3"])
for table in sys.argv[2:]:
    cursor = session.cursor()
    cursor.execute(f"select * from {table}")  # noqa: S608
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([column.name for column in cursor.description])
    writer.writerows(cursor.fetchall())
    client.put_object(
        Bucket=os.environ["PEER_BUCKET"],
        Key=f"{sys.argv[1]}/{table}.csv",
        Body=text.getvalue().encode(),
    )
