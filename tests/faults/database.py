"""A way to PostgreSQL that breaks when it is told to: a proxy that counts bytes."""

import contextlib
import socket
import threading
from collections.abc import Iterator


class FaultyDatabase:
    """Passes connections on. `cut_at = (n, bytes)` ends the nth one after so many bytes from the
    server.

    `sent` lists for each connection how many bytes the server sent.
    """

    def __init__(self, upstream_port: int) -> None:
        self._upstream_port = upstream_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.heal()
        threading.Thread(target=self._accept, daemon=True).start()

    def heal(self) -> None:
        """Passes everything on and begins to count anew."""
        self.sent: list[int] = []
        self.cut_at: tuple[int, int] | None = None

    def close(self) -> None:
        """Takes no further connection."""
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._upstream_port))
                number = len(self.sent)
                self.sent.append(0)
                threading.Thread(target=_pump, args=(client, server), daemon=True).start()
                threading.Thread(
                    target=self._answer, args=(server, client, number), daemon=True
                ).start()

    def _answer(self, server: socket.socket, client: socket.socket, number: int) -> None:
        sent = self.sent
        with _ended(client), _ended(server), contextlib.suppress(OSError):
            while data := server.recv(65536):
                if self.cut_at and self.cut_at[0] == number:
                    left = self.cut_at[1] - sent[number]
                    if left <= len(data):
                        client.sendall(data[: max(left, 0)])
                        return
                sent[number] += len(data)
                client.sendall(data)


@contextlib.contextmanager
def _ended(connection: socket.socket) -> Iterator[None]:
    """Ends a connection even though another thread waits for its data."""
    try:
        yield
    finally:
        with contextlib.suppress(OSError), connection:
            connection.shutdown(socket.SHUT_RDWR)


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
