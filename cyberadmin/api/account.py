"""GET /ping and POST /tokens."""

from cyberadmin.api.calls import Caller
from cyberadmin.api.types import NewToken, Ping


class AccountEndpoints:
    """Calls about the credential itself."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def ping(self) -> Ping:
        """The cheapest call: who this credential speaks for."""
        return self._caller.call("GET", "/ping", lambda answer: Ping.from_json(answer.json))

    def create_token(self) -> NewToken:
        """Make a token. It can only be revoked by hand in the application (api/README.md 2)."""
        return self._caller.call("POST", "/tokens", lambda answer: NewToken.from_json(answer.json), secret_answer=True)
