"""What it costs to take a gateway's report in: signed, sealed, verified, written down, answered; and the bare SQL."""

import http.client
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import event

from suwen.core.db import new_id
from suwen.core.house import House
from suwen.payments.gateways import Answer, Notice
from suwen.payments.service import inbox
from suwen.paysim.server import Simulator

REPORTS, SENDERS, WARM = 2000, 4, 200
PATH = "/api/v1/payments/wechat/notifications"


def environment(folder: Path) -> dict[str, str]:
    """Keys of a merchant whose gateway nobody asks anything here."""
    folder.mkdir()
    return Simulator(folder, "http://127.0.0.1:9").keys.environment("http://127.0.0.1:9")


def report(house: House, folder: Path, server: Any) -> None:
    letters = _written(folder)
    _send(server.port, letters[:WARM])
    spent, began = server.cpu(), time.monotonic()
    refused = _send(server.port, letters[WARM:])
    seconds, count = time.monotonic() - began, REPORTS - WARM
    rate, cpu = count / seconds, 1000 * (server.cpu() - spent) / count
    bare = _bare(house)
    print(f"{'callback intake':34}{rate:10.0f} /s, CPU {cpu:.3f} ms each{f', {refused} refused' if refused else ''}")
    print(f"{'the same SQL on one connection':34}{bare:10.0f} /s, intake is {rate / bare:.2f} of it", flush=True)


def _written(folder: Path) -> list[tuple[dict[str, str], bytes]]:
    """Reports as WeChat Pay writes them, signed now: each is of an event of its own."""
    simulator = Simulator(folder, "http://127.0.0.1:9")
    found = []
    for number in range(REPORTS):
        resource = {
            "appid": simulator.keys.wechat_app, "mchid": simulator.wechat.keys.mchid,
            "out_trade_no": f"BENCH{number:09d}", "transaction_id": f"42{number:026d}", "trade_state": "SUCCESS",
            "trade_state_desc": "支付成功", "success_time": "2030-01-01T08:00:00+08:00",
            "amount": {"total": 8000, "currency": "CNY", "payer_total": 8000, "payer_currency": "CNY"},
            "payer": {"openid": f"oBench{number:022d}"},
        }  # fmt: skip
        told = {"id": f"BENCH{new_id()}", "event_type": "TRANSACTION.SUCCESS", "type": "transaction",
                "summary": "支付成功", "resource": resource}  # fmt: skip
        found.append(simulator.reports.written({"gateway": "wechat", "event": told}, None))
    return found


def _send(port: int, letters: list[tuple[dict[str, str], bytes]]) -> int:
    """By several senders at once; how many were refused."""
    refused: list[int] = []

    def post(mine: list[tuple[dict[str, str], bytes]]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        for headers, body in mine:
            connection.request("POST", PATH, body, headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 204:
                refused.append(answer.status)
        connection.close()

    threads = [threading.Thread(target=post, args=(letters[number::SENDERS],)) for number in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(refused)


def _bare(house: House) -> float:
    """Transactions a second of the statements that one report sends, without HTTP, signatures and a Session."""
    statements = list[tuple[str, Any]]()

    def note(_connection: Any, _cursor: Any, sql: str, values: Any, *_rest: Any) -> None:
        statements.append((sql, values))

    now, id = datetime.now(UTC), new_id()
    answer = Answer("paid", "BENCHBARE", "42", 8000, "CNY", now, "SUCCESS")
    notice = Notice(id, "TRANSACTION.SUCCESS", "payment", "0" * 64, id, answer, content={"resource": {"total": 8000}})
    event.listen(house.db.engine, "before_cursor_execute", note)
    house.db.write(lambda tx: inbox.store(tx, "wechat", notice, now))
    event.remove(house.db.engine, "before_cursor_execute", note)
    raw = house.db.engine.raw_connection()
    try:
        cursor, done, began = raw.cursor(), 0, time.monotonic()
        while time.monotonic() - began < 2:
            if house.db.sqlite:
                cursor.execute("BEGIN IMMEDIATE")
            fresh = {id: new_id()}
            for sql, values in statements:
                cursor.execute(sql, _renewed(values, fresh))
            raw.commit() if not house.db.sqlite else cursor.execute("COMMIT")
            done += 1
        return done / (time.monotonic() - began)
    finally:
        raw.close()


def _renewed(values: Any, fresh: dict[str, str]) -> Any:
    """The same values under new ids: a row is written once."""

    def one(value: Any) -> Any:
        if isinstance(value, str) and len(value) == 36 and value.count("-") == 4:
            return fresh.setdefault(value, new_id())
        return value

    if isinstance(values, dict):
        return {name: one(value) for name, value in values.items()}
    return tuple(one(value) for value in values)
