"""What one subscriber gets where what it gets is published by another connection from some moment on."""

from __future__ import annotations

import struct

from ivsim.server.stages import rtp

from .test_forwarding import H264, KEY, LARGE, OPUS, OTHER, SMALL_KEY, SOUND, Show, missing, run, wanted


def test_another_publication() -> None:
    """What is published anew follows what came before, by numbers and times, also where packets were out of order."""
    show, anew = Show(), Show()
    for number in (500, 502, 501):
        show.send(number, KEY)
    show.send(9, b"sound", source=SOUND, codec=OPUS)
    show.viewer.take()
    show.now = anew.now = 200.0
    show.subscription.detach()
    anew.now += 2
    anew.subscription.detach()
    show.subscription.attach(anew.publication)
    anew.send(65_534, SMALL_KEY)
    anew.send(65_535)
    anew.send(50, b"more", source=SOUND, codec=OPUS)
    shown = show.viewer.media()
    assert [(each.sequence, each.payload) for each in shown] == [(503, SMALL_KEY), (504, OTHER), (10, b"more")]
    last = 502 * 3000
    assert [each.timestamp for each in shown] == [last + 180_000, last + 183_000, 123_000]
    assert {each.source for each in shown} == {show.legs[0].source, show.legs[1].source}
    show.tell(rtp.retransmission_request(9, show.legs[0].source, [502, 503]))
    assert [(each.sequence, each.payload) for each in show.viewer.media()] == [(503, SMALL_KEY)]
    run(anew.publication.take_rtcp(rtp.sender_report(LARGE, bytes(range(8)), 65_534 * 3000, 1, 9, "ada")))
    [told] = show.viewer.take()
    assert struct.unpack_from("!I", told, 16)[0] == last + 180_000


def test_in_the_place_of_another() -> None:
    """Who is attached to another publication gets nothing more of the first, and the other is asked for a key frame."""
    show, anew = Show(), Show()
    show.send(1, KEY)
    anew.send(1, KEY)
    anew.publisher.take()
    anew.now += 1
    show.subscription.attach(anew.publication)
    run(anew.publication.flush())
    assert wanted(anew.publisher.take()) == [LARGE]
    show.viewer.take()
    show.send(2)
    assert show.viewer.take() == []
    anew.send(2)
    assert [each.sequence for each in show.viewer.media()] == [2]


def test_nothing_was_sent_before() -> None:
    """What comes first of all goes on as it came, whatever was attached before."""
    show, anew = Show(), Show()
    show.subscription.attach(anew.publication)
    anew.send(77, KEY)
    assert [(each.sequence, each.timestamp) for each in show.viewer.media()] == [(77, 77 * 3000)]
    assert missing(show.publisher.take()) == []
    assert H264.payload_type != show.legs[0].source
