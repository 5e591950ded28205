"""What the process does that makes bodies for a server, which starts it and is its other end (server/maker.py)."""

from __future__ import annotations

import pickle
import struct
import sys
import traceback
from contextlib import redirect_stdout
from typing import BinaryIO

ASKED = struct.Struct(">Q")
"""What comes before a recipe, which is pickled: its length."""

ANSWERED = struct.Struct(">?Q")
"""What comes before an answer: whether it is the body, rather than the traceback of what went wrong; its length."""


def work(asked: BinaryIO, answers: BinaryIO) -> None:
    """Make one body after the other, until nothing more is asked for."""
    while head := asked.read(ASKED.size):
        pickled = asked.read(*ASKED.unpack(head))
        try:
            with redirect_stdout(sys.stderr):  # as the answers go where printing would
                is_body, answer = True, pickle.loads(pickled).make()
        except Exception:  # noqa: BLE001 - whatever it is, the server tells it
            is_body, answer = False, traceback.format_exc().encode()
        answers.write(ANSWERED.pack(is_body, len(answer)) + answer)
        answers.flush()
