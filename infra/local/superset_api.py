"""Superset's REST interface, as one of its users."""

from typing import Any

import requests

from infra.errors import CampuslakeError

TIMEOUT_SECONDS = 300
PAGE = 100


class SupersetApi:
    """One user's session. Raises `CampuslakeError` when the login is refused."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self.url = url
        self._session = requests.Session()
        login = {"username": user, "password": password, "provider": "db", "refresh": False}
        token = self.ask("POST", "security/login", json=login)["access_token"]
        self._session.headers["Authorization"] = f"Bearer {token}"
        csrf = self.ask("GET", "security/csrf_token/")["result"]
        self._session.headers.update({"X-CSRFToken": csrf, "Referer": url})

    def answer(self, method: str, path: str, **request: Any) -> requests.Response:
        """Returns what `/api/v1/PATH` answers. Raises `CampuslakeError` when nothing does."""
        try:
            return self._session.request(
                method, f"{self.url}/api/v1/{path}", timeout=TIMEOUT_SECONDS, **request
            )
        except requests.RequestException as error:
            raise CampuslakeError(
                f"Superset does not answer {method} {path}: {type(error).__name__}",
                "see `campuslake status` and logs/superset.log in the folder of the stack",
            ) from error

    def ask(self, method: str, path: str, **request: Any) -> Any:
        """Returns what it answers, as JSON. Raises `CampuslakeError` when it refuses."""
        answer = self.answer(method, path, **request)
        if not answer.ok:
            raise CampuslakeError(
                f"Superset answers {answer.status_code} to {method} {path}: {answer.text[:500]}",
                "read logs/superset.log in the folder of the stack",
            )
        return answer.json()

    def pages(self, path: str) -> list[dict[str, Any]]:
        """Returns everything of a list."""
        found: list[dict[str, Any]] = []
        while True:
            page = f"(page:{len(found) // PAGE},page_size:{PAGE})"
            answer = self.ask("GET", path, params={"q": page})
            found += answer["result"]
            if len(found) >= answer["count"] or not answer["result"]:
                return found

    def download(self, path: str) -> bytes:
        """Returns a file. Raises `CampuslakeError` when it refuses."""
        answer = self.answer("GET", path)
        if not answer.ok:
            raise CampuslakeError(f"Superset answers {answer.status_code} to GET {path}")
        return answer.content
