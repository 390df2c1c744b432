"""What an object of the lake holds of a person: CSV, Parquet, Avro, JSON, text, each as it is."""

import io
import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from isal import isal_zlib

from privacy.records import Wanted, blocks, fields, rows, text
from privacy.traces import Traces

GZIP, GZIP_WINDOW = b"\x1f\x8b", 31  # how a member begins; what zlib calls its format
PIECE = 64 * 1024  # bytes
RAW_IDS = {"students": "student_id", "audiences": "contact_id", "professors": "professor_id"}


def in_object(key: str, content: bytes, traces: Traces) -> set[str]:
    """Returns the kinds of a person's identifiers that an object holds, its key included."""
    if content[:2] == GZIP:
        content = unpacked(content)
        key = key.removesuffix(".gz")
    found = traces.in_text(key.encode())
    if content[:4] == b"PAR1":
        return found | _in_parquet(content, traces)
    if content[:4] == b"Obj\x01":
        return found | _in_avro(content, traces)
    if key.endswith(".csv"):
        return found | _in_csv(key, content, traces) | traces.in_text(content)
    if key.endswith(".json"):
        found |= _in_json(content, traces)
    return found | traces.in_document(content)


def unpacked(content: bytes) -> bytes:
    """Unpacks gzip, as far as that goes: what follows a cut or a changed byte nobody can read."""
    pieces = []
    while content[:2] == GZIP:
        member = isal_zlib.decompressobj(wbits=GZIP_WINDOW)
        for start in range(0, len(content), PIECE):
            try:
                pieces.append(member.decompress(content[start : start + PIECE]))
            except isal_zlib.error:
                return b"".join(pieces)
            if member.eof:
                content = member.unused_data + content[start + PIECE :]
                break
        else:
            break
    return b"".join(pieces)


def _in_json(content: bytes, traces: Traces) -> set[str]:
    found: set[str] = set()

    def look(value: dict[str, Any]) -> dict[str, Any]:
        for name, held in value.items():
            is_number = isinstance(held, int) or (isinstance(held, str) and held.isdecimal())
            if is_number and int(held) in traces.numbers(name):
                found.add(name)
        if traces.is_name(value.get("first_name"), value.get("last_name")):
            found.add("name")
        return value

    for document in (content, *content.splitlines()):
        try:
            json.loads(document, object_hook=look)
        except ValueError:
            continue  # a line of a document, or a document of lines
    return found


def _in_csv(key: str, content: bytes, traces: Traces) -> set[str]:
    content = content.decode("utf-8", "replace").encode()  # somebody may have put anything there
    table = key.split("/")[-3 if "/changes/" in key else -2]
    names = [text(field) for field in fields(content.partition(b"\n")[0])]
    columns = [RAW_IDS.get(table, "") if name == "id" else name for name in names]
    numbers = {
        position: {str(number) for number in traces.numbers(column)}
        for position, column in enumerate(columns)
    }
    wanted = Wanted({position: values for position, values in numbers.items() if values}, {})
    found: set[str] = set()
    for block in blocks(io.BytesIO(content)) if wanted else ():
        for _, row in wanted.among(block):
            found |= {
                columns[position]
                for position, values in wanted.numbers.items()
                if text(row[position]) in values
            }
    if {"first_name", "last_name"} <= set(names):
        first, last = names.index("first_name"), names.index("last_name")
        people = (row for row in rows(io.BytesIO(content)) if len(row) == len(names))
        if any(traces.is_name(row[first], row[last]) for row in people):
            found.add("name")
    return found


def _in_parquet(content: bytes, traces: Traces) -> set[str]:
    found: set[str] = set()
    file = pq.ParquetFile(io.BytesIO(content))
    for batch in file.iter_batches():
        columns = dict(_flat(zip(batch.schema.names, batch.columns, strict=True)))
        for name, column in columns.items():
            if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
                found |= _in_strings(column, traces)
            if (numbers := traces.numbers(name.split(".")[-1])) and _holds(column, numbers):
                found.add(name)
        if {"first_name", "last_name"} <= set(columns):
            first, last = columns["first_name"], columns["last_name"]
            pairs = zip(first.to_pylist(), last.to_pylist(), strict=True)
            found |= {"name"} if any(traces.is_name(*pair) for pair in pairs) else set()
    return found


def _flat(columns: Iterable[tuple[str, pa.Array]]) -> Iterator[tuple[str, pa.Array]]:
    """Yields columns without a structure of their own: those within as columns of their own."""
    for name, column in columns:
        kind = column.type
        if pa.types.is_dictionary(kind):
            yield from _flat([(name, column.dictionary_decode())])
        elif pa.types.is_struct(kind):
            inner = [f"{name}.{field.name}" for field in kind]
            yield from _flat(zip(inner, column.flatten(), strict=True))
        elif pa.types.is_map(kind):
            yield from _flat([(f"{name}.key", column.keys), (f"{name}.value", column.items)])
        elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
            yield from _flat([(name, column.flatten())])
        elif pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
            texts = [value and value.decode("utf-8", "replace") for value in column.to_pylist()]
            yield name, pa.array(texts, pa.string())
        else:
            yield name, column


def _holds(column: pa.Array, numbers: set[int]) -> bool:
    if pa.types.is_integer(column.type):
        wanted = pa.array(sorted(numbers), pa.int64())
        return pc.any(pc.is_in(column.cast(pa.int64()), wanted), min_count=0).as_py()
    written = {str(number) for number in numbers}
    return any(
        str(value).strip() in written or (isinstance(value, (float, Decimal)) and value in numbers)
        for value in pc.unique(column).to_pylist()
        if value is not None
    )


def _in_strings(column: pa.Array, traces: Traces) -> set[str]:
    distinct = pc.utf8_lower(pc.unique(column).drop_null())
    return {
        kind
        for text, kind in traces.texts.items()
        if pc.any(pc.match_substring(distinct, text)).as_py()
        and pc.any(pc.match_substring_regex(distinct, traces.patterns[text])).as_py()
    }


def _in_avro(content: bytes, traces: Traces) -> set[str]:
    reader = fastavro.reader(io.BytesIO(content))
    schema = json.loads(reader.metadata.get("schema", "{}"))
    fields = {field["id"]: field for field in schema.get("fields", [])}
    found: set[str] = set()
    for record in reader:
        data_file = record.get("data_file") or {}
        for bounds in ("lower_bounds", "upper_bounds"):
            for bound in data_file.get(bounds) or []:
                field = fields.get(bound["key"], {})
                found |= _in_bound(field, bound["value"], traces)
        found |= traces.in_text(repr(record).encode())
    return found


def _in_bound(field: dict[str, Any], value: bytes, traces: Traces) -> set[str]:
    if field.get("type") == "string":
        return traces.in_bound(value)
    numbers = traces.numbers(field.get("name", ""))
    return {field["name"]} if int.from_bytes(value, "little", signed=True) in numbers else set()
