"""An S3 that fails when it is told to: a proxy before the real local store."""

import http.client
import socket
import struct
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

SLOW_SECONDS = 0.5
ERRORS = {
    "500": (500, "InternalError"),
    "503": (503, "SlowDown"),
    "507": (507, "InsufficientStorage"),
    "expired": (400, "ExpiredToken"),
    "denied": (403, "AccessDenied"),
}


def operation_name(method: str, target: str) -> str:
    """Returns what a request does, in S3's words, and to which kind of object."""
    url = urlsplit(target)
    query = parse_qs(url.query, keep_blank_values=True)
    kind = url.path.rsplit("/", 1)[-1]
    if "uploads" in query:
        return "CreateMultipartUpload" if method == "POST" else "ListMultipartUploads"
    if "uploadId" in query:
        return {
            "PUT": f"UploadPart {query.get('partNumber', [''])[0]}",
            "POST": "CompleteMultipartUpload",
            "DELETE": "AbortMultipartUpload",
        }[method]
    if "list-type" in query:
        return "ListObjects"
    kind = "part" if kind.startswith("part-") else kind
    return f"{method.title()}Object {kind}"


class FaultyStore(ThreadingHTTPServer):
    """Passes every request on, unless `fault(number, operation)` names what to do instead.

    500, 503, 507, expired, denied: answers so, without passing on. reset: breaks the connection at
    once. cut: in the middle of the body. lost: passes on and breaks it before the answer.
    slow: waits before passing on. `operations` lists what was asked for.
    """

    daemon_threads = True

    def __init__(self, upstream_port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream_port = upstream_port
        self.lock = threading.Lock()
        self.heal()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def endpoint(self) -> str:
        """URL for clients."""
        return f"http://127.0.0.1:{self.server_port}"

    def heal(self) -> None:
        """Passes everything on and begins to count anew."""
        with self.lock:
            self.operations: list[str] = []
            self.fault: Callable[[int, str], str | None] = lambda _number, _operation: None

    def next_fault(self, operation: str) -> str | None:
        """Counts a request and returns what shall go wrong with it."""
        with self.lock:
            self.operations.append(operation)
            number = len(self.operations) - 1
        return self.fault(number, operation)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is none of our business."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FaultyStore

    def log_message(self, *_: object) -> None:
        pass

    def _pass(self) -> None:
        fault = self.server.next_fault(operation_name(self.command, self.path))
        if fault == "reset":
            self._break()
            return
        length = int(self.headers.get("Content-Length", 0))
        if fault == "cut":
            self._send_half(length)
            self._break()
            return
        body = self.rfile.read(length)
        if fault in ERRORS:
            status, code = ERRORS[fault]
            told = f"<Error><Code>{code}</Code><Message>a fault of the test</Message></Error>"
            self._answer(status, [("Content-Type", "application/xml")], told.encode())
            return
        if fault == "slow":
            time.sleep(SLOW_SECONDS)
        status, headers, answer = self._ask(body)
        if fault == "lost":
            self._break()
            return
        self._answer(status, headers, answer)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _pass

    def _ask(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        upstream = http.client.HTTPConnection("127.0.0.1", self.server.upstream_port, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name != "Expect"}
        upstream.request(self.command, self.path, body or None, headers)
        response = upstream.getresponse()
        answer = response.read()
        upstream.close()
        return response.status, response.getheaders(), answer

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                self.send_header(name, value)
        length = {n.lower(): v for n, v in headers}.get("content-length", str(len(body)))
        self.send_header("Content-Length", length if self.command == "HEAD" else str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _send_half(self, length: int) -> None:
        """Lets the store see a request whose body breaks off."""
        half = self.rfile.read(length // 2)
        head = [f"{self.command} {self.path} HTTP/1.1"]
        head += [f"{name}: {value}" for name, value in self.headers.items() if name != "Expect"]
        with socket.create_connection(("127.0.0.1", self.server.upstream_port)) as upstream:
            upstream.sendall("\r\n".join([*head, "", ""]).encode() + half)

    def _break(self) -> None:
        linger = struct.pack("ii", 1, 0)  # a reset, not an orderly end
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True
        self.connection.close()
