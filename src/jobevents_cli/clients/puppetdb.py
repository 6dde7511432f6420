"""Queries PuppetDB. Every fault becomes a sentence that says what is missing and how to get it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from jobevents_cli.errors import Interrupted, JobEventsError, NoUsableAnswer, TransientFault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msgspec import Raw

    from jobevents_cli.clients.session import Session
    from jobevents_cli.config.connection import Connection

QUERY_PATH: Final = "/pdb/query/v4"

NOT_CONFIGURED: Final = "no address of PuppetDB is known"
ADDRESS_HINT: Final = (
    "set its address: jobevents config set puppetdb-url https://PUPPETDB-HOST:8081, or JOBEVENTS_PUPPETDB_URL"
)
HINTS: Final = {
    400: "jobevents needs PuppetDB 5.2 or later (PE 2018.1)",
    401: "a token is needed (puppet-access login), or puppetdb-cert and puppetdb-key",
    403: 'the user needs the permission "View node data from PuppetDB" (type Nodes)',
    404: f"is this PuppetDB? If not, {ADDRESS_HINT}",
}
_OK: Final = 200


class PuppetdbUnusable(NoUsableAnswer):
    """PuppetDB cannot be queried. What the orchestrator knows does not depend on it."""


class ResponseTooLarge(PuppetdbUnusable):
    """The response is larger than allowed; a query for less may work."""


class PuppetdbClient:
    """One PuppetDB under one or more addresses: the next one is used if one cannot be reached or responds with 5xx."""

    def __init__(self, connections: Sequence[Connection], problem: JobEventsError | None = None) -> None:
        """Take the addresses in order; no connection is made before the first query.

        Without an address, *problem* is why there is none.
        """
        self._connections = list(connections)
        self._problem: JobEventsError = problem or PuppetdbUnusable(NOT_CONFIGURED, hint=ADDRESS_HINT)
        self._session: Session | None = None

    def query(self, query: Sequence[Any], limit: float, *, most: int) -> list[Raw]:
        """Return the texts of the objects that *query*, an AST of PuppetDB's query language, selects.

        *limit* is in seconds, *most* the bytes that the response may have. PuppetdbUnusable if no address gives a
        usable response.
        """
        while self._connections:
            try:
                return self._send(query, limit, most)
            except TransientFault as error:
                self._problem = PuppetdbUnusable(error.message, hint=error.hint or ADDRESS_HINT)
                del self._connections[0]
                self.close()
                self._session = None
            except (PuppetdbUnusable, Interrupted):
                raise
            except JobEventsError as error:
                raise PuppetdbUnusable(error.message, hint=error.hint) from None
        raise PuppetdbUnusable(self._problem.message, hint=self._problem.hint)

    def close(self) -> None:
        """Close the connections that are idle."""
        if self._session:
            self._session.close()

    def _send(self, query: Sequence[Any], limit: float, most: int) -> list[Raw]:
        from jobevents_cli.clients.pages import rows_in
        from jobevents_cli.clients.session import Session, TooLarge
        from jobevents_cli.clients.statuses import error_of

        if self._session is None:
            self._session = Session(self._connections[0], "PuppetDB")
        try:
            response = self._session.post_json(QUERY_PATH, {"query": query}, largest=most, limit=limit)
            if response.status != _OK:
                raise error_of(response, hints=HINTS)
            rows = rows_in(response)
        except TooLarge as error:
            raise ResponseTooLarge(error.message) from None
        if rows is None:
            raise PuppetdbUnusable(f"the response from {response.where} is not a list in JSON", hint=HINTS[404])
        return rows
