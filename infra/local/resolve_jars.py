"""Resolves Spark's extra jars with Spark's own resolver. Run as a process of its own."""

import sys

from pyspark.sql import SparkSession


def main(packages: str, excludes: str, folder: str) -> None:
    """Downloads `packages` (comma-separated coordinates) and what they need to `folder`/jars."""
    (
        SparkSession.builder.master("local[1]")
        .config("spark.jars.packages", packages)
        .config("spark.jars.excludes", excludes)
        .config("spark.jars.ivy", folder)
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .getOrCreate()
        .stop()
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
