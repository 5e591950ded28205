"""Forwarding, packet by packet: who gets what, under which numbers, and what is asked of the publisher."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Coroutine
from typing import Any

from ivsim.media import h264
from ivsim.media.h264 import Format
from ivsim.server.stages import rtp
from ivsim.server.stages.forwarding import MOST_LAYERS, Publication
from ivsim.server.stages.legs import Subscription
from ivsim.server.stages.rtp import KeyFrameWanted, Missing, Packet
from ivsim.server.stages.sdp import Codec

H264, OPUS = Codec(102, "h264", "H264/90000"), Codec(111, "opus", "opus/48000/2")
THEIR_H264, THEIR_OPUS = Codec(96, "h264", "H264/90000"), Codec(97, "opus", "opus/48000/2")

LARGE, SMALL = 1, 2
"""Two sources of one picture."""

SOUND = 3


def sequence(width: int, height: int) -> bytes:
    """Return the parameter set with which a key frame begins."""
    return h264.parameter_sets(Format(width, height, 30, "avc1.42E01F"))[0]


KEY, SMALL_KEY, OTHER = sequence(1280, 720), sequence(320, 180), b"\x41\x9a\0"
B_SLICE = b"\x01\x9e\0"


class Connection:
    """A way to a client that keeps what goes there."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    async def send(self, data: bytes) -> None:
        """Keep a packet."""
        self.sent.append(data)

    def take(self) -> list[bytes]:
        """Return what went there since the last call."""
        sent, self.sent = self.sent, []
        return sent

    def media(self) -> list[Packet]:
        """Return the packets of media among that."""
        return [rtp.read(each) for each in self.take() if each[1] & 0x7F < 72 or each[1] & 0x7F > 76]


class Show:
    """A publisher and one who is subscribed, without a network, and with a clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0
        self.news = 0
        self.publisher, self.viewer = Connection(), Connection()
        self.publication = Publication(self._note, lambda: self.now)
        self.publication.add("video", H264, self.publisher)
        self.publication.add("audio", OPUS, self.publisher)
        self.subscription = self.subscribed(self.viewer)

    def subscribed(self, viewer: Connection) -> Subscription:
        """Let one more be subscribed."""
        subscription = Subscription()
        self.legs = [
            subscription.add(kind, codec, viewer) for kind, codec in (("video", THEIR_H264), ("audio", THEIR_OPUS))
        ]
        subscription.attach(self.publication)
        return subscription

    def send(self, number: int, payload: bytes = OTHER, *, source: int = LARGE, codec: Codec = H264) -> None:
        """Let a packet come from the publisher."""
        packet = Packet(codec.payload_type, True, number, number * 3000, source, {}, payload)
        run(self.publication.take_rtp(rtp.written(packet)))

    def tell(self, data: bytes) -> None:
        """Let the subscriber tell something."""
        run(self.subscription.take_rtcp(data))

    def _note(self) -> None:
        self.news += 1


def run(work: Coroutine[Any, Any, object]) -> None:
    """Do something that waits for nothing."""
    asyncio.run(work)


def wanted(data: list[bytes]) -> list[int]:
    """Return the sources of which a key frame was asked for."""
    return [each.source for one in data for each in rtp.feedback(one) if isinstance(each, KeyFrameWanted)]


def missing(data: list[bytes]) -> list[int]:
    """Return the packets that were asked for."""
    return [
        number for one in data for each in rtp.feedback(one) if isinstance(each, Missing) for number in each.sequences
    ]


def test_as_it_came() -> None:
    """A packet goes on with its number, time, marker and payload, under the subscriber's payload type and source."""
    show = Show()
    show.send(7, KEY)
    show.send(8, b"sound", source=SOUND, codec=OPUS)
    picture, sound = show.viewer.media()
    assert picture == Packet(96, True, 7, 21_000, show.legs[0].source, {}, KEY)
    assert sound == Packet(97, True, 8, 24_000, show.legs[1].source, {}, b"sound")


def test_all_who_are_subscribed() -> None:
    """Everybody gets it who is subscribed, and nobody any more who is not."""
    show, other = Show(), Connection()
    subscription = show.subscribed(other)
    show.send(7, KEY)
    assert len(show.viewer.media()) == len(other.media()) == 1
    subscription.detach()
    subscription.detach()
    show.send(8)
    assert (len(show.viewer.media()), other.media()) == (1, [])


def test_what_is_no_media() -> None:
    """What cannot be read, was not agreed upon, or comes from a subscriber goes nowhere."""
    show = Show()
    run(show.publication.take_rtp(b"\x80"))
    show.send(7, KEY, codec=THEIR_H264)
    run(show.subscription.take_rtp(rtp.written(Packet(96, True, 1, 1, 1, {}, KEY))))
    assert (show.viewer.media(), show.publication.seconds, show.publication.has("video")) == ([], 0.0, False)


def test_sound_alone() -> None:
    """Of one who publishes no picture, its sound goes on."""
    publisher, viewer = Connection(), Connection()
    publication = Publication(lambda: None, lambda: 0.0)
    publication.add("audio", OPUS, publisher)
    subscription = Subscription()
    subscription.add("video", THEIR_H264, viewer)
    subscription.add("audio", THEIR_OPUS, viewer)
    subscription.attach(publication)
    run(publication.take_rtp(rtp.written(Packet(111, False, 1, 1, SOUND, {}, b"sound"))))
    assert [each.payload for each in viewer.media()] == [b"sound"]
    run(subscription.take_rtcp(rtp.key_frame_request(9, 9)))
    run(publication.report())
    assert [data[1] for data in publisher.take()] == [rtp.RECEIVER_REPORT]
    assert publication.bitrate == 0


def test_news() -> None:
    """It is told when a track comes, and when the form of its pictures or B-frames are known, and no more often."""
    show = Show()
    for number in range(3):
        show.send(number, b"sound", source=SOUND, codec=OPUS)
    assert show.news == 1
    show.send(0)
    assert show.news == 2
    show.send(1, KEY)
    show.send(2)
    video = show.publication.track("video")
    assert video is not None
    assert (show.news, [each.width for each in video.forms], video.has_b_frames) == (3, [1280], False)
    show.send(3, B_SLICE)
    assert (show.news, video.has_b_frames) == (4, True)


def test_key_frames_are_asked_for() -> None:
    """A subscriber's request goes to the publisher: at once, and then as often as it can do something about it."""
    show = Show()
    show.send(7, KEY)
    assert wanted(show.publisher.take()) == []
    show.tell(rtp.key_frame_request(9, show.legs[0].source))
    assert wanted(show.publisher.take()) == [LARGE]
    show.tell(rtp.key_frame_request(9, show.legs[0].source))
    run(show.publication.flush())
    assert wanted(show.publisher.take()) == []
    show.now += 0.5
    run(show.publication.flush())
    run(show.publication.flush())
    assert wanted(show.publisher.take()) == [LARGE]


def test_key_frame_for_a_newcomer() -> None:
    """Who comes gets a key frame soon; and one is asked for where pictures come before any was seen."""
    show = Show()
    show.send(6)
    assert wanted(show.publisher.take()) == [LARGE]
    show.now += 1
    show.send(7, KEY)
    show.subscribed(Connection())
    run(show.publication.flush())
    assert wanted(show.publisher.take()) == [LARGE]


def test_other_requests() -> None:
    """What is asked for by who gets nothing yet, of a sound, or of a source that it does not have, is left alone."""
    show = Show()
    show.subscription.detach()
    show.tell(rtp.key_frame_request(9, show.legs[0].source))
    show.subscription.attach(show.publication)
    show.send(7, b"sound", source=SOUND, codec=OPUS)
    show.tell(rtp.key_frame_request(9, show.legs[1].source))
    show.tell(rtp.key_frame_request(9, 4711))
    show.tell(rtp.sender_report(9, bytes(8), 0, 0, 0, "ada"))
    assert wanted(show.publisher.take()) == []


def test_lost_on_the_way_to_a_subscriber() -> None:
    """What a subscriber has lost is sent to it again, as long as it is kept."""
    show = Show()
    for number in range(600):
        show.send(number, KEY)
    show.viewer.take()
    about = show.legs[0].source
    show.tell(rtp.retransmission_request(9, about, [599, 3, 598]))
    assert [each.sequence for each in show.viewer.media()] == [599, 598]


def test_lost_on_the_way_here() -> None:
    """What of a picture has been lost before it came is asked for, one by one, or with a key frame if it is much."""
    show = Show()
    show.send(65_534, KEY)
    show.send(1)
    assert missing(show.publisher.take()) == [65_535, 0]
    show.send(0)
    show.send(1)
    assert [each.sequence for each in show.viewer.media()] == [65_534, 1, 0, 1]
    show.now += 1
    show.send(100)
    sent = show.publisher.take()
    assert (missing(sent), wanted(sent)) == ([], [LARGE])
    show.send(1, b"sound", source=SOUND, codec=OPUS)
    show.send(3, b"sound", source=SOUND, codec=OPUS)
    assert missing(show.publisher.take()) == []


def test_largest_layer() -> None:
    """Of several layers the largest is shown, from its next key frame on, and its packets follow the others'."""
    show = Show()
    show.send(500, SMALL_KEY, source=SMALL)
    show.now += 0.5
    show.send(10, source=LARGE)  # of which nothing is known yet
    show.send(11, KEY, source=LARGE)
    show.send(501, source=SMALL)
    show.send(12, source=LARGE)
    shown = show.viewer.media()
    assert [(each.sequence, each.payload) for each in shown] == [(500, SMALL_KEY), (501, KEY), (502, OTHER)]
    assert [each.timestamp for each in shown] == [1_500_000, 1_545_000, 1_548_000]
    assert len({each.source for each in shown}) == 1


def test_layer_that_ends() -> None:
    """When the largest layer comes no more, the next is asked for a key frame, and shown from that on."""
    show = Show()
    show.send(10, KEY, source=LARGE)
    show.send(500, SMALL_KEY, source=SMALL)
    show.now += 1.5
    show.send(501, source=SMALL)
    assert wanted(show.publisher.take()) == [SMALL]
    show.send(502, SMALL_KEY, source=SMALL)
    show.send(503, source=SMALL)
    assert [(each.sequence, each.payload) for each in show.viewer.media()] == [(10, KEY), (11, SMALL_KEY), (12, OTHER)]
    video = show.publication.track("video")
    assert video is not None
    assert [each.width for each in video.forms] == [320]


def test_sound_that_begins_anew() -> None:
    """A sound under another source is the same sound, once the one before has ended."""
    show = Show()
    show.send(10, b"one", source=SOUND, codec=OPUS)
    show.now += 1.5
    show.send(90, b"two", source=4, codec=OPUS)
    assert [(each.sequence, each.payload) for each in show.viewer.media()] == [(10, b"one"), (11, b"two")]


def test_too_many_layers() -> None:
    """Sources beyond those that a track can have are not taken."""
    show = Show()
    for source in range(MOST_LAYERS + 1):
        show.send(source, SMALL_KEY, source=source)
    video = show.publication.track("video")
    assert video is not None
    assert len(video.layers) == MOST_LAYERS


def test_reports_to_the_publisher() -> None:
    """Every second the publisher is told what came, how late its clock is answered, and how much it may send."""
    show = Show()
    show.send(7, KEY)
    run(show.publication.report())
    run(show.publication.take_rtcp(rtp.sender_report(LARGE, bytes(range(8)), 21_000, 1, 9, "ada")))
    show.now += 0.5
    run(show.publication.report())
    first, _, second, limit = show.publisher.take()
    assert struct.unpack_from("!5I", second, 8)[0] == LARGE
    assert (first[-8:], second[-8:]) == (bytes(8), bytes([2, 3, 4, 5]) + struct.pack("!I", 32_768))
    assert limit[12:16] == b"REMB"
    show.now += 2
    run(show.publication.report())
    assert [each[1] for each in show.publisher.take()] == [rtp.PAYLOAD_FEEDBACK]


def test_bitrate() -> None:
    """What comes of the picture is measured, over two seconds or more."""
    show = Show()
    for number in range(16):
        show.now += 0.125
        show.send(number, KEY + bytes(1000))
        run(show.publication.report())
    assert show.publication.bitrate == round(16 * (len(KEY) + 1000) * 8 / 2)


def test_reports_to_subscribers() -> None:
    """A publisher's report goes on, with the times as the subscriber has them, once it has got something."""
    show = Show()
    report = rtp.sender_report(LARGE, bytes(range(8)), 30_000, 1, 9, "ada")
    run(show.publication.take_rtcp(report))
    show.send(500, SMALL_KEY, source=SMALL)
    show.send(10, KEY, source=LARGE)
    shift = show.viewer.media()[1].timestamp - 30_000
    run(show.publication.take_rtcp(report + rtp.key_frame_request(9, 9)))
    run(show.publication.take_rtcp(rtp.sender_report(SMALL, bytes(8), 1, 1, 9, "ada")))
    [told] = show.viewer.take()
    source, clock, timestamp, packets, octets = struct.unpack_from("!I8sIII", told, 4)
    assert (source, clock, timestamp) == (show.legs[0].source, bytes(range(8)), 30_000 + shift)
    assert (packets, octets) == (2, len(SMALL_KEY) + len(KEY))
    assert show.subscription.cname.encode() in told
    newcomer = Connection()
    show.subscribed(newcomer)
    run(show.publication.take_rtcp(report))
    assert newcomer.take() == []
