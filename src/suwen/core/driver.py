"""Connections of PyMySQL as we want them: writes that nobody waits for go together, and all share one TLS context.

A round trip costs our processor twice what the statement in it does. The last things a transaction writes (its order,
its message, its audit row, its stored answer) are rows with ids of our own, whose acknowledgement tells nothing. So
MariaDB is given them together, with the COMMIT behind them, as one compound statement: it stops at the first that
fails, and then nothing is committed. No client of ours may send several statements in one text, which is what an
injection wants. MySQL knows no such statement; there each goes at once.

The driver also makes a TLS context for each connection, even where the server speaks no TLS, and reads all authorities
of the machine into it: 0.9 MB and some milliseconds, for up to three dozen connections. A context is made to be shared.

And it imports `cryptography` (8 MB) for one way of signing in, that of MySQL 8 without TLS. That can be done there.
"""

import importlib
import sys
import threading
from contextlib import suppress
from functools import cache
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

AT_ONCE = 32 * 1024  # bytes; the driver's 8 KB take three turns for a doctor's week
MOST = 1_000_000  # letters of what waits: a server takes no packet of any size
IN_TRANSACTION = 1  # SERVER_STATUS_IN_TRANS of the protocol


def load(url: str) -> None:
    """Before the first engine is made."""
    if not url.startswith(("mysql+pymysql:", "mariadb+pymysql:")) or {"pymysql", "cryptography"} & sys.modules.keys():
        return
    modules: dict[str, Any] = sys.modules
    modules["cryptography"] = None  # to `import` there is none
    try:
        sign_in: Any = importlib.import_module("pymysql._auth")
    finally:
        del modules["cryptography"]
    one_at_a_time = threading.Lock()

    def encrypt(*given: Any) -> Any:
        with one_at_a_time:
            if sign_in.sha2_rsa_encrypt is encrypt:
                importlib.reload(sign_in)
        return sign_in.sha2_rsa_encrypt(*given)

    sign_in.sha2_rsa_encrypt = encrypt


def prepare(engine: Engine) -> None:
    """Nothing for other drivers."""
    if engine.dialect.driver != "pymysql":
        return
    driver: Any = engine.dialect.loaded_dbapi
    connection = _connection(driver)

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: Any, _record: Any, arguments: Any, given: Any) -> Any:
        return connection(*arguments, **given)


def in_transaction(connection: Any) -> bool:
    """As the server said when it last answered a write, or a COMMIT. A driver that does not know: perhaps."""
    said = getattr(connection, "server_status", None)
    return said is None or bool(said & IN_TRANSACTION) or bool(getattr(connection, "waiting", ()))


@cache
def _connection(driver: Any) -> Any:
    contexts: dict[str, Any] = {}

    class Connection(driver.connections.Connection):
        """What waits is carried out before anything else is asked, in order; or never, if it is all undone."""

        def __init__(self, *arguments: Any, **given: Any) -> None:
            self.waiting: list[str] = []
            self._refused: Exception | None = None  # what waited, and whoever asked next may have caught it as theirs
            super().__init__(*arguments, **given)
            self._takes_several = "MariaDB" in self.get_server_info()

        def connect(self, sock: Any = None) -> None:
            super().connect(sock)
            self._rfile = self._sock.makefile("rb", AT_ONCE)  # nothing is on its way: nobody has asked anything

        def later(self, sql: str) -> None:
            """Carry out `sql` some time before the COMMIT. What it fails with is raised there.

            The first of a transaction does not wait: it shows whether the connection is still alive. One that is lost
            on the way to the COMMIT may have committed, and the whole could not be tried again.
            """
            if not self._takes_several or not self.server_status & IN_TRANSACTION:
                self.query(sql)
                return
            if self.waiting and sum(map(len, self.waiting)) + len(sql) > MOST:
                self._catch_up()
            self.waiting.append(sql)

        def query(self, sql: Any, unbuffered: bool = False) -> Any:
            if isinstance(sql, str) and sql.startswith("ROLLBACK"):  # to a savepoint: that went before what waits
                self.waiting.clear()
                self._refused = None
            elif self.waiting:
                self._catch_up(leaving=sql if isinstance(sql, str) and sql.startswith("RELEASE ") else "")
            return super().query(sql, unbuffered)

        def commit(self) -> None:
            if self._refused is not None:
                raise self._refused
            if self.waiting:
                self._catch_up("COMMIT")
            else:
                super().commit()

        def rollback(self) -> None:
            self.waiting.clear()
            self._refused = None
            super().rollback()

        def _catch_up(self, *last: str, leaving: str = "") -> None:
            """`leaving`: the RELEASE of a savepoint, which is taken back if something that waited in it is refused."""
            statements = [*self.waiting, *last]
            self.waiting.clear()
            one = statements[0] if len(statements) == 1 else f"BEGIN NOT ATOMIC {'; '.join(statements)}; END"
            try:
                super().query(one)
            except Exception as error:
                self._refused = error
                if leaving:
                    with suppress(driver.Error):
                        self.query(leaving.replace("RELEASE", "ROLLBACK TO", 1))
                raise

        def _create_ssl_ctx(self, given: Any) -> Any:
            wanted = repr(given)
            if wanted not in contexts:
                contexts[wanted] = super()._create_ssl_ctx(given)
            return contexts[wanted]

    return Connection
