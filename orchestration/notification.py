"""Messages to people about runs: by webhook and by e-mail, whichever is set."""

import json
import smtplib
import ssl
import urllib.request
from email.message import EmailMessage
from http.client import HTTPException
from typing import Annotated, Self
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from infra.errors import CampuslakeError
from infra.settings import Settings

SECONDS = 20  # to be heard


class Message(BaseModel):
    """`text` for people, and whatever else a program is told beside it."""

    model_config = ConfigDict(frozen=True, extra="allow")

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
    event: str = ""

    @classmethod
    def read(cls, told: str) -> Self:
        """Reads a JSON object. Raises `CampuslakeError` for anything else."""
        try:
            return cls.model_validate_json(told)
        except ValidationError:
            raise CampuslakeError(
                "standard input holds no message", 'give it a JSON object: {"text": "…"}'
            ) from None


def send(settings: Settings, message: Message) -> list[str]:
    """Sends a message and returns who was told: the webhook, the address; nobody, when none is set.

    Raises `CampuslakeError` when one cannot be reached, after trying the other.
    """
    told, failed = [], []
    for name, is_set, way in (
        ("the webhook", settings.notify_webhook, _post),
        (settings.notify_email or "", settings.notify_email, _mail),
    ):
        if not is_set:
            continue
        try:
            way(settings, message)
            told.append(name)
        except (OSError, ValueError, HTTPException, smtplib.SMTPException) as error:
            failed.append(f"{name} ({type(error).__name__})")
    if failed:
        raise CampuslakeError(
            f"could not tell {' and '.join(failed)}",
            "check CAMPUSLAKE_NOTIFY_WEBHOOK, CAMPUSLAKE_NOTIFY_EMAIL and CAMPUSLAKE_SMTP_URL",
        )
    return told


def _post(settings: Settings, message: Message) -> None:
    url = settings.notify_webhook.get_secret_value() if settings.notify_webhook else ""
    if urlsplit(url).scheme not in ("http", "https"):
        raise ValueError("no URL of the web")
    request = urllib.request.Request(  # noqa: S310
        url,
        json.dumps(message.model_dump()).encode(),
        {"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request, timeout=SECONDS).close()  # noqa: S310


def _mail(settings: Settings, message: Message) -> None:
    given = settings.smtp_url.get_secret_value() if settings.smtp_url else "smtp://localhost:25"
    server = urlsplit(given)
    mail = EmailMessage()
    mail["Subject"] = message.text.splitlines()[0][:200]
    mail["From"], mail["To"] = settings.notify_sender, settings.notify_email
    mail.set_content(json.dumps(message.model_dump(), indent=1))
    host, port = server.hostname or "localhost", server.port or 0
    known = ssl.create_default_context()  # smtplib's own takes any certificate
    session: smtplib.SMTP
    if server.scheme == "smtps":
        session = smtplib.SMTP_SSL(host, port, timeout=SECONDS, context=known)
    else:
        session = smtplib.SMTP(host, port, timeout=SECONDS)
    with session:
        if server.username:
            if server.scheme != "smtps":
                session.starttls(context=known)  # a password does not travel in clear
            session.login(unquote(server.username), unquote(server.password or ""))
        session.send_message(mail)
