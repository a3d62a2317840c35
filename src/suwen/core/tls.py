"""One TLS context for all connections that PyMySQL opens.

The driver makes one for each connection, also where the server speaks no TLS, and reads all authorities of the machine
into it: 0.9 MB and some milliseconds, for up to three dozen connections of a process. A context is made to be shared.
"""

from functools import cache
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine


def share_context(engine: Engine) -> None:
    """Nothing for other drivers."""
    if engine.dialect.driver != "pymysql":
        return
    driver: Any = engine.dialect.loaded_dbapi
    connection = _sharing(driver)

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: Any, _record: Any, arguments: Any, given: Any) -> Any:
        return connection(*arguments, **given)


@cache
def _sharing(driver: Any) -> Any:
    known: dict[str, Any] = {}

    class Connection(driver.connections.Connection):
        def _create_ssl_ctx(self, given: Any) -> Any:
            wanted = repr(given)
            if wanted not in known:
                known[wanted] = super()._create_ssl_ctx(given)
            return known[wanted]

    return Connection
