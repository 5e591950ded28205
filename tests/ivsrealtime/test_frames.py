"""The frames of the events WebSocket, byte by byte."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivsim.ivsrealtime import frames
from ivsim.ivsrealtime.frames import Exchange, ExchangeToken, FrameRefused, Ping, SetState
from ivsim.ivsrealtime.participants import Participant

NOON = datetime(2026, 11, 28, 12, tzinfo=timezone.utc)
HOST = Participant("xYz1R6DQvGzA", "st-AbCdEf1234567", NOON, user_id="ann", attributes={"role": "<host>"})
GUEST = Participant("guest_1", "st-AbCdEf1234567", NOON, is_publishing=True, audio_muted=True, video_stopped=True)

WANTED = '"payload":{"oldToken":"a.b.c","newToken":"d.e.f","requestId":"1-2","traceId":"1-3"}'


def test_stage_state() -> None:
    """The state has everybody who is there, as they are."""
    assert frames.stage_state(7, "AbCdEfGh1234", frames.participants([HOST, GUEST])).decode() == (
        '{"type":"STAGE_STATE","version":"0","payload":{"sequenceNumber":7,"stageId":"AbCdEfGh1234","participants":['
        '{"id":"xYz1R6DQvGzA","userId":"ann","attributes":{"role":"<host>"},'
        '"isPublishing":false,"audioMuted":false,"videoStopped":false},'
        '{"id":"guest_1","userId":"","attributes":{},"isPublishing":true,"audioMuted":true,"videoStopped":true}]}}'
    )
    assert frames.stage_state(1, "x", frames.participants([])).endswith(b'"participants":[]}}')


def test_the_others() -> None:
    """Each frame of the server is as the web SDK takes it in."""
    wanted = Exchange("a.b.c", "d.e.f", "1-2", "1-3")
    assert frames.PONG == b'{"type":"PONG"}'
    assert frames.subscriber_count(2, 5) == (
        b'{"type":"aws:ivs:SUBSCRIBER_COUNT","payload":{"sequenceNumber":2,"count":5}}'
    )
    assert frames.disconnect("STAGE_DELETED") == b'{"type":"aws:ivs:DISCONNECT","payload":{"code":"STAGE_DELETED"}}'
    assert frames.disconnect("PARTICIPANT_DISCONNECTED", "spam").endswith(
        b'"payload":{"code":"PARTICIPANT_DISCONNECTED","reason":"spam"}}'
    )
    assert frames.join_error("TOKEN_EXPIRED", "exp is in the past") == (
        b'{"type":"aws:ivs:JOIN_ERROR","payload":{"code":"TOKEN_EXPIRED","message":"exp is in the past"}}'
    )
    assert frames.exchanged(wanted) == (
        b'{"type":"aws:ivs:EXCHANGE_TOKEN","payload":{"requestId":"1-2","traceId":"1-3"}}'
    )
    assert frames.not_exchanged(wanted, "TOKEN_EXPIRED", "exp is in the past") == (
        b'{"type":"aws:ivs:EXCHANGE_TOKEN","payload":'
        b'{"requestId":"1-2","code":"TOKEN_EXPIRED","message":"exp is in the past"}}'
    )
    assert frames.error("no") == b'{"type":"ERROR","version":"0","payload":{"message":"no"}}'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"type":"PING"}', Ping()),
        ('{"version":"0","type":"PING","x":[]}', Ping()),
        ('{"audioMuted":false,"type":"SET_STATE","version":"0","videoStopped":true}', SetState(False, True)),
        (
            f'{{"type":"aws:ivs:EXCHANGE_TOKEN",{WANTED}}}',
            ExchangeToken(Exchange("a.b.c", "d.e.f", "1-2", "1-3")),
        ),
    ],
)
def test_read(text: str, said: object) -> None:
    """What a client says is read whatever the order of its members, and whatever else is there."""
    assert frames.read(text) == said


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "Input data was truncated"),
        ("[]", "Expected `object`, got `array`"),
        ("{}", "missing required field `type`"),
        ('{"type":"HELLO"}', r"Invalid value 'HELLO' - at `\$.type`"),
        ('{"type":"SET_STATE","audioMuted":false}', "missing required field `videoStopped`"),
        (
            '{"type":"SET_STATE","audioMuted":1,"videoStopped":false}',
            r"Expected `bool`, got `int` - at `\$.audioMuted`",
        ),
        ('{"type":"aws:ivs:EXCHANGE_TOKEN"}', "missing required field `payload`"),
        ('{"type":"PING","x":' + "[" * 1_000_000, "nested too deeply"),
    ],
)
def test_refused(text: str, rule: str) -> None:
    """What is no frame that a stage takes is refused, and the error names member and rule."""
    with pytest.raises(FrameRefused, match=rule):
        frames.read(text)


@given(st.text(st.characters(exclude_categories=()), max_size=20) | st.binary(max_size=20).map(bytes.hex))
def test_any_text(text: str) -> None:
    """Any other text is refused, halves of surrogate pairs among it."""
    with pytest.raises(FrameRefused):
        frames.read(text)
