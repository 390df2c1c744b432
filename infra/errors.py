"""The one error type that a user is meant to read."""


class CampuslakeError(Exception):
    """Something failed that a person can act on.

    `message` says in one line what failed and where, `remedy` what to do about it.
    Neither holds a personal value or a credential. Command lines print
    both and exit with `exit_code`; a traceback appears only with `-v`.
    """

    exit_code = 1

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} — {self.remedy}" if self.remedy else self.message
