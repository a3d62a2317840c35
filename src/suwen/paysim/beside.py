"""The simulator beside a demonstration's server: keys made ahead, a process of its own that ends with the server's."""

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suwen.paysim.keys import Keys
from suwen.paysim.market import Market
from suwen.paysim.store import Store

FOLDER = "paysim"
PORT = 8900
ON_ITS_WAY = 3 * 86_400.0  # seconds


@dataclass(frozen=True)
class Beside:
    """`told` is what the server's environment has to say so that it pays there; `moved`: the usual port was taken."""

    url: str
    told: dict[str, str]
    moved: bool


def keys(folder: Path) -> Keys:
    """Made if they are not there; a second or two."""
    return Keys.made(folder)


def remember(
    folder: Path, paid: list[dict[str, Any]], refunds: Sequence[dict[str, Any]] = (),
    bills: Mapping[str, dict[str, Any]] | None = None,
) -> None:  # fmt: skip
    """Let the simulator know of payments that a demonstration made up: (gateway, out_no, external_id, amount,
    currency, at), of refunds: (gateway, out_no, refund_no, external_id, amount, state, at), and in what its bills are
    to differ from that, by gateway. It forgets what it knew before."""
    ours, store = Keys(folder), Store(folder / "paysim.db")
    try:
        store.clear()
        market = Market(store, lambda *told: None)
        for one in paid:
            at, own = (
                one["at"],
                {"scene": "page", "metadata": {}, "client_secret": "", "session": f"cs_{one['out_no']}"},
            )
            if one["gateway"] != "card":
                wechat = one["gateway"] == "wechat"
                own = {
                    "scene": "native" if wechat else "page",
                    "app_id": ours.wechat_app if wechat else ours.alipay_app,
                }
            market.open(
                one["gateway"], one["out_no"], one["amount"], at + 1800, state="paid", created=at - 60, paid_at=at,
                external_id=one["external_id"], currency=one["currency"], description="", notify_url="", return_url="",
                **own,
            )  # fmt: skip
        for back in refunds:
            _paid_back(market, back)
        for gateway, told in (bills or {}).items():
            store.set(f"bill:{gateway}", told)
    finally:
        store.close()


def _paid_back(market: Market, back: dict[str, Any]) -> None:
    """What is on its way arrives after some days, as with a bank that takes its time."""
    payment = market.payment(back["gateway"], back["out_no"])
    if payment is None:
        return
    if back["state"] != "closed":
        market.save(payment | {"refunded": payment["refunded"] + back["amount"]})
    ended = None if back["state"] == "processing" else back["at"]
    more = {"created": back["at"], "done_at": ended, "due": back["at"] + ON_ITS_WAY, "outcome": "success"}
    market.store.put(
        "refund", f"{back['gateway']}:{back['refund_no']}", {k: v for k, v in back.items() if k != "at"} | more
    )


def practising(data_dir: Path) -> Path | None:
    """The simulator's folder of an installation that was filled by `suwen demo`, None of any other."""
    folder = data_dir / FOLDER
    return folder if (folder / "merchant.pem").exists() else None


@contextlib.contextmanager
def beside(folder: Path, base_url: str) -> Iterator[Beside]:
    """Started, and ended at the end. It also ends by itself when this process dies: its standard input closes then."""
    port, moved = _pair()
    url, backup = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port + 1}"
    events = f"{base_url.rstrip('/')}/api/v1/payments/card/notifications"
    command = [sys.executable, "-m", "suwen.cli", "paysim", "--folder", str(folder), "--port", str(port),
               "--card-events", events, "--tied"]  # fmt: skip
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SUWEN_")}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=environment) as process:  # noqa: S603
        try:
            yield Beside(url, Keys(folder).environment(url, backup), moved)
        finally:
            process.terminate()


def _pair() -> tuple[int, bool]:
    """A port whose next one is free too, and whether it is another than the usual one."""
    if _free(PORT):
        return PORT, False
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port < 65_535 and _free(port):
            return port, True


def _free(port: int) -> bool:
    with contextlib.ExitStack() as held, contextlib.suppress(OSError):
        for one in (port, port + 1):
            probe = held.enter_context(socket.socket())
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server itself does
            probe.bind(("127.0.0.1", one))
        return True
    return False
