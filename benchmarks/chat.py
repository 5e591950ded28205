"""A chat room full of viewers: what it takes in a second, and what reaches them."""

from __future__ import annotations

from statistics import median

from . import report
from .plan import Plan
from .turns import processes

_ROUNDS = 3


def chat(plan: Plan) -> None:
    """Let everybody send in turn, and everybody read everything; only ivsim has rooms.

    Delivered is a message that a viewer has read, and the time for it is that of sending and reading together.
    """
    viewers, messages = plan.chat
    report.section(f"Chat, {viewers:,} viewers in a room and {messages:,} messages")
    with processes("ivsim") as by_name:
        runs = [by_name["ivsim"]("chat", viewers, messages, False) for _ in range(_ROUNDS)]
        report.row("messages sent", "-", _rate(messages / median(sending for sending, _ in runs)), "-")
        delivered = viewers * messages / median(sum(run) for run in runs)
        report.row("messages delivered, as text from frames", "-", _rate(delivered), "-")
        few, fewer = plan.received
        runs = [by_name["ivsim"]("chat", few, fewer, True) for _ in range(_ROUNDS)]
        received = few * fewer / median(sum(run) for run in runs)
        report.row(f"... one by one, by receive(): {few:,} x {fewer:,}", "-", _rate(received), "-")


def _rate(each_second: float) -> str:
    return f"{each_second:,.0f}/s"
