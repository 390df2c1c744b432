"""Messages reach people, and a password only a server whose certificate is good."""

import socketserver
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.errors import CampuslakeError
from infra.settings import Settings
from orchestration.notification import Message, send

ANSWERS = {
    b"EHLO": b"250-here\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n",
    b"STAR": b"220 go\r\n",
    b"AUTH": b"235 ok\r\n",
    b"DATA": b"354 go on\r\n",
    b"QUIT": b"221 bye\r\n",
}


class MailServer(socketserver.ThreadingTCPServer):
    """Speaks as much SMTP as one mail with a password needs; `heard` is what it was told."""

    daemon_threads = True

    def __init__(self, tls: ssl.SSLContext, at_once: bool) -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.tls, self.at_once, self.heard = tls, at_once, b""


class Session(socketserver.BaseRequestHandler):
    """One connection."""

    server: MailServer

    def handle(self) -> None:
        try:
            self._talk()
        except (ssl.SSLError, ConnectionError):
            pass  # a client that does not trust it goes away

    def _talk(self) -> None:
        wire = self.request
        if self.server.at_once:
            wire = self.server.tls.wrap_socket(wire, server_side=True)
        wire.sendall(b"220 here\r\n")
        while line := self._line(wire):
            self.server.heard += line
            wire.sendall(ANSWERS.get(line[:4].upper(), b"250 ok\r\n"))
            if line[:4].upper() == b"STAR":
                wire = self.server.tls.wrap_socket(wire, server_side=True)
            if line[:4].upper() == b"DATA":
                while not (line := self._line(wire)).startswith(b".\r"):
                    self.server.heard += line
                wire.sendall(b"250 ok\r\n")

    def _line(self, wire) -> bytes:
        line = b""
        while not line.endswith(b"\n") and (more := wire.recv(1)):
            line += more
        return line


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the key and the certificate of `localhost`."""
    folder = tmp_path_factory.mktemp("tls")
    made = [folder / "key.pem", folder / "certificate.pem"]
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", made[0], "-out", made[1]),
        ],
        check=True,
        capture_output=True,
    )
    both = folder / "both.pem"
    both.write_text("".join(path.read_text() for path in made))
    return both


@pytest.fixture(params=["smtp", "smtps"])
def server(request, certificate: Path) -> Iterator[tuple[MailServer, str]]:
    """A server of mail that wants TLS, and the URL of it."""
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    with MailServer(tls, request.param == "smtps") as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield made, f"{request.param}://us:secret@localhost:{made.server_address[1]}"
        made.shutdown()


def _settings(url: str, **more: str) -> Settings:
    email = {"notify_email": "night@example.org", "notify_sender": "lake@example.org"}
    return Settings(smtp_url=url, **email, **more)


def test_a_mail_goes_to_a_server_with_a_good_certificate(server, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    there, url = server
    assert send(_settings(url), Message(text="the night is done")) == ["night@example.org"]
    assert b"Subject: the night is done" in there.heard
    assert b"MAIL FROM:<lake@example.org>" in there.heard.replace(b"mail FROM", b"MAIL FROM")


def test_a_password_is_not_told_to_a_server_that_nobody_vouches_for(server):
    there, url = server
    with pytest.raises(CampuslakeError, match="could not tell night"):
        send(_settings(url), Message(text="the night is done"))
    assert b"AUTH" not in there.heard and b"Subject" not in there.heard


def test_a_webhook_that_talks_nonsense_does_not_stop_the_mail(server, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    there, url = server
    plain = MailServer(there.tls, at_once=False)  # answers in SMTP: no HTTP
    with plain:
        threading.Thread(target=plain.serve_forever, daemon=True).start()
        webhook = f"http://127.0.0.1:{plain.server_address[1]}/"
        with pytest.raises(CampuslakeError, match="could not tell the webhook"):
            send(_settings(url, notify_webhook=webhook), Message(text="done"))
        plain.shutdown()
    assert b"Subject: done" in there.heard


@pytest.mark.parametrize("text", ["", "  \n"])
def test_a_message_without_words_is_none(text: str):
    with pytest.raises(CampuslakeError, match="holds no message"):
        Message.read(f'{{"text": "{text.encode("unicode_escape").decode()}"}}')
