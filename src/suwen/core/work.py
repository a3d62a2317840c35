"""What the work of one transaction is given as `tx`: a Session, which is made only for whoever asks for more than the
connection.

A hot path asks for nothing else (`core/hot.py`), and to make a Session, to let it take part in the transaction and to
take it down again is a sixth of a short read.
"""

from typing import Any

from sqlalchemy import Connection
from sqlalchemy.orm import Session, SessionTransaction, sessionmaker


class OneSession(Session):
    """Of one database: it is asked for its connection a dozen times, at each statement of a hot path."""

    _held: tuple[SessionTransaction, Connection] | None = None

    def connection(self, bind_arguments: Any = None, execution_options: Any = None) -> Connection:
        if self._held and self._held[0] is self._transaction and self._held[0].is_active:
            return self._held[1]
        connection = super().connection(bind_arguments, execution_options)
        self._held = (self._transaction, connection) if self._transaction else None
        return connection


class Work:
    """Use it like a Session, as which it is declared everywhere; both are of one transaction, begun by the first use.

    `info` is the maker's, and what this transaction adds to it. Where each statement is a transaction by itself (a
    read from MySQL), nothing is begun.
    """

    def __init__(self, maker: sessionmaker[Any], *, begun: bool = True) -> None:
        self.info: dict[str, Any] = dict(maker.kw["info"])
        self._maker, self._begun = maker, begun
        self._connection: Connection | None = None
        self._session: Any = None

    def connection(self) -> Connection:
        if self._session is not None:  # it knows of savepoints, and of what must be rolled back first
            connection: Connection = self._session.connection()
            return connection
        if self._connection is None:
            self._connection = self._maker.kw["bind"].connect()
            if self._begun:
                self._connection.begin()
        return self._connection

    def commit(self) -> None:
        try:
            if self._session is not None:
                self._session.commit()
            elif self._connection is not None:
                self._connection.commit()
        except BaseException:
            self._undo()
            raise

    def close(self) -> None:
        """Undo what was not committed."""
        try:
            if self._session is not None:
                self._session.close()
        finally:
            if self._connection is not None:
                self._connection.close()

    def _undo(self) -> None:
        """SQLAlchemy takes a COMMIT that failed for a rollback. A database may still be in the transaction."""
        if self._connection is not None and not self._connection.invalidated:
            try:
                self._connection.connection.rollback()
            except Exception:  # it is lost, and nobody is given it again; what made the COMMIT fail says more
                self._connection.invalidate()

    def __getattr__(self, name: str) -> Any:
        if self._session is None:
            self._session = self._maker(bind=self.connection(), join_transaction_mode="control_fully")
            self._session.info = self.info
            self._session.connection()  # it takes part from now on; by itself, not before its first statement
        return getattr(self._session, name)
