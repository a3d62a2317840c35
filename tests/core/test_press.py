"""Documents are set in child processes, which may fail, hang and go."""

import io
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from pypdf import PdfReader

from suwen.core.press import Press, PrintingFailed

HANGS = "import time; time.sleep(60)"
DIES = "raise SystemExit(3)"
REFUSES = "import sys; sys.stdin.buffer.read(8); sys.stdout.buffer.write(bytes(8)); sys.stdout.flush()"


@pytest.fixture
def press():
    made = []

    def make(code=None, **limits):
        made.append(Press(command=[sys.executable, "-c", code] if code else None, **limits))
        return made[-1]

    yield make
    for one in made:
        one.close()


def words(document):
    return PdfReader(io.BytesIO(document)).pages[0].extract_text()


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_one_child_sets_one_document_after_another(press):
    one = press()
    assert "甘草" in words(one.printed("<p>甘草 6 g</p>"))
    [child] = one._resting
    assert "大枣" in words(one.printed("<p>大枣 10 g</p>"))
    assert one._resting == [child]


def test_a_child_that_went_is_replaced(press):
    one = press()
    one.printed("<p>a</p>")
    os.kill(one._resting[0].pid, signal.SIGKILL)
    assert words(one.printed("<p>b</p>")) == "b"


def test_the_end_of_the_server_is_the_childs(press):
    code = (
        "from suwen.core.press import Press; import os; one = Press(); one.printed('x');"
        "print(one._resting[0].pid, flush=True); os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    child = int(killed.stdout)
    until = time.monotonic() + 10
    while alive(child) and time.monotonic() < until:
        time.sleep(0.05)
    assert not alive(child)


@pytest.mark.parametrize("code", [HANGS, DIES, REFUSES])
def test_a_child_that_fails_is_a_refusal_in_time_and_leaves_nothing(press, code):
    one, began = press(code, limit=1), time.monotonic()
    with pytest.raises(PrintingFailed) as refused:
        one.printed("<p>x</p>")
    assert refused.value.status == 503
    assert time.monotonic() - began < 10
    assert one._resting == []


def test_no_more_children_than_allowed(press):
    one = press(HANGS, at_once=1, patience=0.1, limit=2)

    def hang():
        with pytest.raises(PrintingFailed):
            one.printed("<p>first</p>")

    first = threading.Thread(target=hang)
    first.start()
    time.sleep(0.3)
    began = time.monotonic()
    with pytest.raises(PrintingFailed) as refused:
        one.printed("<p>second</p>")
    assert time.monotonic() - began < 1
    assert refused.value.data["retry_after"] == 15
    first.join()


def test_a_document_reaches_for_nothing_and_sees_no_secrets(press, tmp_path, monkeypatch):
    (tmp_path / "secret.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'><text y='20'>stolen</text></svg>")
    document = press().printed(f"<p>here</p><img src='file://{tmp_path}/secret.svg'>")
    assert words(document) == "here"
    monkeypatch.setenv("SUWEN_SECRET", "hidden")
    tells = "import os, sys; sys.stdin.buffer.read(8); t = str('SUWEN_SECRET' in os.environ).encode();"
    tells += "sys.stdout.buffer.write(len(t).to_bytes(8, 'big') + t); sys.stdout.flush()"
    assert press(tells).printed("x") == b"False"
