"""Asks ivsim what a recording asked AWS, and tells where the answers differ."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError

from ivsim import mock_ivs

from .comparison import Comparison, Difference
from .recorder import Call, Recorder, Recording
from .redaction import ACCOUNT
from .run import CONFIG, offline


def replay(recording: Recording) -> list[Difference]:
    """Return where ivsim answers otherwise, scenario by scenario, each with an emulator of its own.

    The emulator's clock shows what AWS's showed. A call refers to what ivsim made in the place of what AWS made.
    """
    return [
        difference
        for _, calls in groupby(recording.calls, key=lambda call: call.scenario)
        for difference in _replayed(list(calls), recording.about.region)
    ]


def _replayed(calls: list[Call], region: str) -> Iterator[Difference]:
    recorder, comparison = Recorder(), Comparison()
    with mock_ivs(account_id=ACCOUNT, region=region) as sim:
        clients: dict[str, Any] = {}
        for number, call in enumerate(calls, 1):
            if call.service not in clients:
                clients[call.service] = offline(region, call.service, CONFIG)
                recorder.watch(clients[call.service])
            if call.at:
                sim.clock.freeze(datetime.fromisoformat(call.at))
            ask = partial(
                getattr(clients[call.service], xform_name(call.operation)), **comparison.asked(call.parameters)
            )
            with recorder.scenario(call.scenario), suppress(ClientError):
                ask()
            yield from comparison.differences(number, call, recorder.calls[-1])
