"""What the simulator remembers: documents in a SQLite file, and its own clock."""

import json
import sqlite3
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Doc = dict[str, Any]
SCHEMA = """
CREATE TABLE IF NOT EXISTS things (kind TEXT, id TEXT, number INTEGER, body TEXT, PRIMARY KEY (kind, id));
CREATE INDEX IF NOT EXISTS things_in_order ON things (kind, number);
"""


class Store:
    """One connection behind one lock; `kind` is payment, refund, notice, fault, key, setting ..."""

    def __init__(self, path: Path) -> None:
        self.lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.executescript(SCHEMA)
        row = self._db.execute("SELECT max(number) FROM things").fetchone()
        self._number = row[0] or 0

    def get(self, kind: str, id: str) -> Doc | None:
        with self.lock:
            row = self._db.execute("SELECT body FROM things WHERE kind=? AND id=?", (kind, id)).fetchone()
        return json.loads(row[0]) if row else None

    def put(self, kind: str, id: str, body: Doc) -> Doc:
        """New ones come after all others; what was there keeps its place."""
        text = json.dumps(body, ensure_ascii=False)
        with self.lock:
            if not self._db.execute("UPDATE things SET body=? WHERE kind=? AND id=?", (text, kind, id)).rowcount:
                self._db.execute("INSERT INTO things VALUES (?, ?, ?, ?)", (kind, id, self.next(), text))
        return body

    def all(self, kind: str) -> list[Doc]:
        with self.lock:
            rows = self._db.execute("SELECT body FROM things WHERE kind=? ORDER BY number", (kind,)).fetchall()
        return [json.loads(row[0]) for row in rows]

    def delete(self, kind: str, id: str) -> None:
        with self.lock:
            self._db.execute("DELETE FROM things WHERE kind=? AND id=?", (kind, id))

    def clear(self) -> None:
        with self.lock:
            self._db.execute("DELETE FROM things")

    def close(self) -> None:
        with self.lock:
            self._db.close()

    def next(self) -> int:
        with self.lock:
            self._number += 1
            return self._number

    def setting(self, name: str, default: Any) -> Any:
        found = self.get("setting", name)
        return default if found is None else found["value"]

    def set(self, name: str, value: Any) -> None:
        self.put("setting", name, {"value": value})

    def now(self) -> float:
        """Seconds since 1970 on the simulator's clock, which stands still once it has been set to a moment."""
        frozen = self.setting("frozen", None)
        return float(frozen) if frozen is not None else time.time() + float(self.setting("offset", 0))

    def moment(self) -> datetime:
        return datetime.fromtimestamp(self.now(), UTC)

    def move_clock(self, *, at: float | None = None, advance: float = 0, run: bool = False) -> float:
        with self.lock:
            if run:
                self.set("offset", 0)
                self.set("frozen", None)
            if at is not None:
                self.set("frozen", at)
            if self.setting("frozen", None) is not None:
                self.set("frozen", self.now() + advance)
            else:
                self.set("offset", float(self.setting("offset", 0)) + advance)
            return self.now()
