"""Connections of one driver share what TLS needs."""

import threading

import pytest
from sqlalchemy.exc import OperationalError

from suwen.core.db import Database


def test_connections_share_one_tls_context(house):
    if house.db.sqlite:
        pytest.skip("a file has no connections to secure")
    found, together = list[object](), threading.Barrier(3)

    def look(tx):
        found.append(tx.connection().connection.dbapi_connection.ctx)
        together.wait(20)

    threads = [threading.Thread(target=work, args=(look,)) for work in (house.db.read, house.db.read, house.db.write)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3
    assert len({id(one) for one in found}) == 1


def test_what_an_address_says_of_tls_still_counts(house):
    """This server has no certificate to show."""
    if house.db.sqlite:
        pytest.skip("a file has no connections to secure")
    db = Database(f"{house.settings.database_url}&ssl_verify_cert=true", 1)
    with pytest.raises(OperationalError, match="SSL"):
        db._read_once(lambda tx: tx.connection())
    db.close()
