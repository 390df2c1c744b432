"""JupyterLab asks for its token, answers this machine only, and saves nothing that was shown."""

import json
import secrets
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from infra.local.lab import NOTEBOOKS, Lab

SHOWN = {"output_type": "stream", "name": "stdout", "text": ["somebody's row\n"]}
CELL = {"cell_type": "code", "id": "a", "metadata": {}, "source": ["1"], "execution_count": 1}


@pytest.fixture(scope="module")
def lab(stack) -> Iterator[Lab]:
    """JupyterLab over the test stack."""
    started = Lab(stack)
    started.start()
    yield started
    started.stop()


def asked(lab: Lab, path: str, token: str, body: Any = None, method: str = "GET") -> int:
    """Returns the status of an answer of its API."""
    request = urllib.request.Request(
        lab.url.removesuffix("/lab") + path,
        data=json.dumps(body).encode() if body else None,
        headers={"Authorization": f"token {token}"},
        method=method,
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answered:
            return answered.status
    except urllib.error.HTTPError as refused:
        return refused.code


def test_only_who_has_the_token_is_answered(lab: Lab):
    assert asked(lab, "/api/contents", lab.token) == 200
    assert asked(lab, "/api/contents", "another") == 403


def test_it_listens_on_this_machine_and_its_command_line_tells_no_secret(lab: Lab):
    process = psutil.Process(lab.pid())
    listening = [c for c in process.net_connections() if c.status == psutil.CONN_LISTEN]
    assert listening and {connection.laddr.ip for connection in listening} == {"127.0.0.1"}
    told = " ".join(process.cmdline())
    secret = lab.environment()["AWS_SECRET_ACCESS_KEY"]
    assert lab.token not in told and secret not in told
    logged = lab.log.read_text()
    assert lab.token not in logged and secret not in logged


def test_a_notebook_is_saved_without_what_it_showed(lab: Lab):
    name = f"saved_{secrets.token_hex(4)}.ipynb"
    content = {
        "cells": [CELL | {"outputs": [SHOWN]}],
        "metadata": {"language_info": {"name": "python", "version": "3.11.7"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    model = {"type": "notebook", "format": "json", "content": content}
    try:
        assert asked(lab, f"/api/contents/{name}", lab.token, model, "PUT") == 201
        saved = json.loads((NOTEBOOKS / name).read_text())
    finally:
        (NOTEBOOKS / name).unlink(missing_ok=True)
    assert saved["cells"][0]["outputs"] == [] and saved["cells"][0]["execution_count"] is None
    assert "version" not in saved["metadata"]["language_info"]
