"""A tone in Opus, for those who have no client: a beep each second, another for each of them.

It needs PyAV, which the extra `webrtc` brings, so it is imported when somebody is heard.
"""

from __future__ import annotations

from array import array
from fractions import Fraction
from functools import lru_cache
from math import pi, sin
from zlib import crc32

import av

RATE = 48_000
A_PACKET = RATE // 50
"""The samples in a packet of sound, and how many there are a second."""

LOWEST, STEP, STEPS = 300, 10, 120
"""The pitches there are, in hertz: a beep has whole periods of each."""

_BEEP = RATE // 5
_LOUDNESS = 3_000
_BITRATE = 24_000


def pitch(participant_id: str) -> int:
    """Return the pitch of a participant, in hertz. Few of those on a stage share one."""
    return LOWEST + STEP * (crc32(participant_id.encode()) % STEPS)


@lru_cache(maxsize=STEPS)
def beeps(pitch: int) -> tuple[bytes, ...]:
    """Return a second of a tone in packets: a beep, which swells and fades, and silence. It can be played in a loop."""
    beep = (round(_LOUDNESS * sin(pi * at / _BEEP) ** 2 * sin(2 * pi * pitch * at / RATE)) for at in range(_BEEP))
    samples = array("h", [*beep, *[0] * (RATE - _BEEP)])
    coder = av.CodecContext.create("libopus", "w")
    assert isinstance(coder, av.AudioCodecContext), "Opus is sound"
    coder.sample_rate, coder.layout, coder.format, coder.bit_rate = RATE, "mono", "s16", _BITRATE
    coder.time_base = Fraction(1, RATE)
    packets: list[bytes] = []
    for at in range(0, RATE, A_PACKET):
        frame = av.AudioFrame("s16", "mono", A_PACKET)
        frame.sample_rate, frame.pts = RATE, at
        frame.planes[0].update(samples[at : at + A_PACKET].tobytes())
        packets += map(bytes, coder.encode(frame))
    return tuple(packets)
