"""How long to measure, and how much of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """The sizes of a run.

    `slice` is a turn in seconds, `sizes` are the channels that exist while calls are measured, `pages` the two sizes
    between which pages are compared. `chat` is how many viewers a room has and how many messages they are sent, and
    `received` the same where they are received one by one; `sockets` how many clients a room has over WebSocket, how
    many messages they are sent each second, and for how many seconds. `pushes` is how many encoders push, how many
    viewers watch them, and for how many seconds each state is measured; `long_push` for how many seconds one encoder
    pushes at 20 times the speed. `day` is how many channels, and stages, have one; `stage` how many publishers and
    subscribers a stage has, and `stage_media` the same where they send and receive, one time after the other, with the
    bits a second of each picture.
    """

    rounds: int
    slice: float
    sizes: tuple[int, int, int]
    pages: tuple[int, int]
    imports: int
    memory: int
    threads: int
    chat: tuple[int, int]
    received: tuple[int, int]
    sockets: tuple[int, int, float]
    pushes: tuple[int, int, float]
    long_push: float
    day: int
    stage: tuple[int, int]
    stage_media: tuple[tuple[int, int, int], ...]


FULL = Plan(
    rounds=21,
    slice=0.05,
    sizes=(1, 1_000, 100_000),
    pages=(1_000, 1_000_000),
    imports=9,
    memory=100_000,
    threads=8,
    chat=(1_000, 10_000),
    received=(100, 1_000),
    sockets=(2_000, 20, 10),
    pushes=(10, 50, 20),
    long_push=180,
    day=100,
    stage=(12, 10_000),
    stage_media=((2, 20, 2_500_000), (12, 100, 500_000)),
)
QUICK = Plan(
    rounds=3,
    slice=0.01,
    sizes=(1, 100, 1_000),
    pages=(1_000, 10_000),
    imports=1,
    memory=2_000,
    threads=8,
    chat=(100, 1_000),
    received=(10, 100),
    sockets=(100, 20, 1),
    pushes=(2, 4, 4),
    long_push=6,
    day=5,
    stage=(12, 100),
    stage_media=((1, 2, 2_500_000),),
)
