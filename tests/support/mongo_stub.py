"""A small server that speaks MongoDB's wire protocol, for what a real one does not do when asked: fail, hang, go away.

It knows what the document store sends and nothing else; an operator that it does not know is an error, not a guess.
What MongoDB means can only be tried where there is one (mongodb.py); here it is the bytes, and what failures become.
"""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import bson

OP_REPLY, OP_QUERY, OP_MSG = 1, 2004, 2013
HELLO = {
    "ismaster": True, "isWritablePrimary": True, "helloOk": True, "maxBsonObjectSize": 16 << 20,
    "maxMessageSizeBytes": 48_000_000, "maxWriteBatchSize": 100_000, "minWireVersion": 0, "maxWireVersion": 21,
    "readOnly": False, "ok": 1.0,
}  # fmt: skip
NOT_PRIMARY = {"ok": 0.0, "code": 10107, "codeName": "NotWritablePrimary", "errmsg": "not primary"}
TIME_OUT = {"ok": 0.0, "code": 50, "codeName": "MaxTimeMSExpired", "errmsg": "operation exceeded time limit"}
REFUSED = {"ok": 0.0, "code": 13, "codeName": "Unauthorized", "errmsg": "not authorized on suwen: { canary }"}


@dataclass
class Fault:
    """For the next `times` commands of this name: answer so, `hang` before it is done or after, `cut` the line."""

    command: str
    answer: dict[str, Any] | None = None
    cut: bool = False
    hang: threading.Event | None = None
    after: bool = False
    times: int = 1
    met: threading.Event = field(default_factory=threading.Event)


@dataclass
class Stub:
    port: int = 0
    data: dict[str, dict[Any, dict[str, Any]]] = field(default_factory=dict)
    seen: list[tuple[float, str]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    _listener: socket.socket | None = None
    _lines: set[socket.socket] = field(default_factory=set)
    _cursors: dict[int, list[dict[str, Any]]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"mongodb://127.0.0.1:{self.port}/suwen"

    def start(self) -> None:
        """On the same port again after `stop`, with what it had."""
        listener = socket.create_server(("127.0.0.1", self.port))
        self.port, self._listener = listener.getsockname()[1], listener
        threading.Thread(target=self._listen, args=(listener,), daemon=True).start()

    def stop(self) -> None:
        if self._listener:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        for line in list(self._lines):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def fail(self, command: str, **how: Any) -> Fault:
        fault = Fault(command, **how)
        self.faults.append(fault)
        return fault

    def count(self, command: str) -> int:
        return sum(name == command for _, name in self.seen)

    # -- the wire

    def _listen(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = listener.accept()
                self._lines.add(line)
                threading.Thread(target=self._talk, args=(line,), daemon=True).start()

    def _talk(self, line: socket.socket) -> None:
        with contextlib.suppress(OSError, EOFError), line:
            while True:
                size, request, _, kind = struct.unpack("<iiii", _exactly(line, 16))
                body = _exactly(line, size - 16)
                command = _query(body) if kind == OP_QUERY else _message(body)
                answer = self._answer(command)
                if answer is None:
                    break
                data = bson.encode(answer)
                if kind == OP_QUERY:
                    reply, code = struct.pack("<iqii", 8, 0, 0, 1) + data, OP_REPLY
                else:
                    reply, code = struct.pack("<IB", 0, 0) + data, OP_MSG
                line.sendall(struct.pack("<iiii", 16 + len(reply), 0, request, code) + reply)
        self._lines.discard(line)

    def _answer(self, command: dict[str, Any]) -> dict[str, Any] | None:
        name = next(iter(command))
        with self.lock:
            self.seen.append((time.monotonic(), name))
            fault = next((one for one in self.faults if one.command == name and one.times), None)
            if fault:
                fault.times -= 1
        if fault and not fault.after:
            fault.met.set()
            if fault.hang:
                fault.hang.wait(60)
            if fault.cut or fault.answer:
                return None if fault.cut else fault.answer
        with self.lock:
            answer = self._do(name, command)
        if fault and fault.after:
            fault.met.set()
            if fault.hang:
                fault.hang.wait(60)
            return None if fault.cut else answer
        return answer

    # -- what it can do

    def _do(self, name: str, command: dict[str, Any]) -> dict[str, Any]:
        if name.lower() in ("ismaster", "hello"):
            return HELLO
        if name in ("ping", "endSessions", "killCursors", "createIndexes"):
            return {"ok": 1.0}
        if name == "buildinfo":
            return {"version": "0.0.0-stub", "ok": 1.0}
        if name == "getMore":
            return self._part(command["collection"], command["getMore"], command.get("batchSize", 100), "nextBatch")
        rows = self.data.setdefault(command[name], {})
        if name == "find":
            return self._find(rows, command)
        if name == "update":
            return _update(rows, command["updates"])
        if name == "delete":
            gone = [id for one in command["deletes"] for id in _matching(rows, one["q"])[: one["limit"] or None]]
            return {"ok": 1.0, "n": len([rows.pop(id) for id in gone])}
        return {"ok": 0.0, "code": 59, "codeName": "CommandNotFound", "errmsg": f"no such command: {name}"}

    def _find(self, rows: dict[Any, dict[str, Any]], command: dict[str, Any]) -> dict[str, Any]:
        found = _matching(rows, command.get("filter", {}))
        if command.get("sort"):
            found.sort()
        found = found[: command.get("limit") or None]
        names = set(command.get("projection") or ())
        cursor = len(self._cursors) + 1
        self._cursors[cursor] = [
            {k: v for k, v in rows[id].items() if not names or k in {*names, "_id"}} for id in found
        ]
        return self._part(command["find"], cursor, command.get("batchSize", 101), "firstBatch")

    def _part(self, collection: str, cursor: int, many: int, name: str) -> dict[str, Any]:
        waiting = self._cursors[cursor]
        part, self._cursors[cursor] = waiting[:many], waiting[many:]
        more = cursor if self._cursors[cursor] else 0
        return {"ok": 1.0, "cursor": {"id": bson.Int64(more), "ns": f"suwen.{collection}", name: part}}


def _update(rows: dict[Any, dict[str, Any]], updates: list[dict[str, Any]]) -> dict[str, Any]:
    [one] = updates
    found, new = _matching(rows, one["q"]), one["u"]
    id = one["q"]["_id"]
    if not found and (not one.get("upsert") or id in rows):
        if not one.get("upsert"):
            return {"ok": 1.0, "n": 0, "nModified": 0}
        trouble = {"index": 0, "code": 11000, "errmsg": f"E11000 duplicate key: {id}"}
        return {"ok": 1.0, "n": 0, "nModified": 0, "writeErrors": [trouble]}
    if "$max" in new:
        assert set(new) == {"$max"}, new
        there = rows.get(id, {"_id": id})
        rows[id] = there | {key: max(value, there.get(key, value)) for key, value in new["$max"].items()}
    else:
        assert not any(key.startswith("$") for key in new), new
        rows[id] = {"_id": id, **new}
    return {"ok": 1.0, "n": 1, "nModified": 1} | ({} if found else {"upserted": [{"index": 0, "_id": id}]})


def _matching(rows: dict[Any, dict[str, Any]], wanted: dict[str, Any]) -> list[Any]:
    return [id for id, row in rows.items() if all(_fits(_reach(row, key), value) for key, value in wanted.items())]


def _shown(row: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if not names or key in {*names, "_id"}}


def _reach(row: Any, path: str) -> Any:
    for part in path.split("."):
        row = row.get(part) if isinstance(row, dict) else None
    return row


def _fits(value: Any, wanted: Any) -> bool:
    if not isinstance(wanted, dict):
        return bool(value == wanted)
    [(operator, operand)] = wanted.items()
    if operator == "$in":
        return value in operand
    if operator == "$not":
        return not _fits(value, operand)
    if operator in ("$gt", "$lte"):
        return value is not None and bool(value > operand if operator == "$gt" else value <= operand)
    raise NotImplementedError(operator)


def _exactly(line: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = line.recv(size - len(data))
        if not part:
            raise EOFError
        data += part
    return data


def _query(body: bytes) -> dict[str, Any]:
    rest = body[4 + body[4:].index(0) + 1 + 8 :]
    return dict(bson.decode(rest[: struct.unpack("<i", rest[:4])[0]]))


def _message(body: bytes) -> dict[str, Any]:
    """The command of section 0, with the documents of each section 1 under that section's name."""
    place, command, lists = 4, dict[str, Any](), dict[str, Any]()
    while place < len(body):
        kind, place = body[place], place + 1
        [size] = struct.unpack("<i", body[place : place + 4])
        if kind == 0:
            command = dict(bson.decode(body[place : place + size]))
        else:
            end = body.index(0, place + 4)
            lists[body[place + 4 : end].decode()] = bson.decode_all(body[end + 1 : place + size])
        place += size
    return command | lists


@contextlib.contextmanager
def mongo_stub() -> Iterator[Stub]:
    stub = Stub()
    stub.start()
    try:
        yield stub
    finally:
        for fault in stub.faults:
            if fault.hang:
                fault.hang.set()
        stub.stop()
