"""The first proof of concept's way: one PySpark job per table, from CSV by inference, inner joins.

`first_way.py TABLE STAGE OUTPUT` reads the CSV of a run below STAGE, joins, averages, and writes
Parquet. Its settings come from the environment variable FIRST_WAY_CONF, as JSON.
"""

import json
import os
import sys

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

table, stage, output = sys.argv[1:]
builder = SparkSession.builder.master("local[*]")
for name, value in json.loads(os.environ["FIRST_WAY_CONF"]).items():
    builder = builder.config(name, value)
spark = builder.getOrCreate()


def read(name: str) -> DataFrame:
    """Returns a table of the ERP."""
    return spark.read.csv(f"{stage}/{name}", header=True, inferSchema=True)


def students() -> DataFrame:
    """Each student with both averages; who has no grade or no roll call is lost in the join."""
    grades = read("grades").groupBy("student_id").agg(f.avg("grade").alias("average_grade"))
    attended = f.col("status").isin("present", "late").cast("int")
    rates = read("attendances").groupBy("student_id").agg(f.avg(attended).alias("attendance_rate"))
    people = read("students").withColumnRenamed("id", "student_id")
    return people.join(grades, "student_id").join(rates, "student_id")


def student_subject_results() -> DataFrame:
    """Each student's average by subject."""
    return read("grades").groupBy("student_id", "subject").agg(f.avg("grade"), f.count("*"))


def campuses() -> DataFrame:
    """Each campus with the averages of its students."""
    return students().groupBy("campus_id").agg(f.avg("average_grade"), f.avg("attendance_rate"))


made = {"students": students, "student_subject_results": student_subject_results}
made |= {"campuses": campuses}
made[table]().write.mode("overwrite").parquet(f"{output}/{table}")
