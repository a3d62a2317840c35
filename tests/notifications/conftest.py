"""How a test tells the cast something, as the packages above do."""

import pytest

from suwen.notifications import service


@pytest.fixture
def tell(house, ids):
    """tell("li") writes into her inbox; returns the id of the message, None where it was not wanted."""

    def told(login, type="appointment_confirmed", title="Your visit is confirmed", content="See you.", related=None,
             meta=None, once=None):  # fmt: skip
        user_id, now = ids.users[login], house.clock()
        return house.db.write(
            lambda tx: service.notify(tx, user_id, type, title, content, related, now, meta, once=once)
        )

    return told
