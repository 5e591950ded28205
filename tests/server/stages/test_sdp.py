"""Offers and answers of WebRTC."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivsim.server.stages import sdp
from ivsim.server.stages.sdp import Chosen, Codec, Local, Offer, OfferRefused

HEAD = """v=0
o=- 46117317 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1
"""

AUDIO = """m=audio 9 UDP/TLS/RTP/SAVPF 111 9
c=IN IP4 0.0.0.0
a=ice-ufrag:4ZcD
a=ice-pwd:2/1muCWoOi3uLifh0NuRHlig
a=fingerprint:SHA-256 19:E2
a=setup:actpass
a=mid:0
a=sendonly
a=rtpmap:111 opus/48000/2
a=fmtp:111 minptime=10;useinbandfec=1
a=rtpmap:9 G722/8000
"""

VIDEO = """m=video 9 UDP/TLS/RTP/SAVPF 96 102 125 108
a=mid:1
a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid
a=extmap:10/sendonly urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id
a=extmap:3 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time
a=rtpmap:96 VP8/90000
a=rtpmap:102 H264/90000
a=rtcp-fb:102 goog-remb
a=rtcp-fb:102 transport-cc
a=rtcp-fb:* nack pli
a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42001f
a=rtpmap:125 H264/90000
a=fmtp:125 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=4d001f
a=rtpmap:108 H264/90000
a=fmtp:108 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f
a=rid:low send
a=rid:hi send
a=simulcast:send low;hi
"""

LOCAL = Local("u", "p", ("sha-256", "AA:BB"), ("1 1 udp 2130706431 127.0.0.1 5000 typ host",))


def read(text: str = HEAD + AUDIO + VIDEO) -> Offer:
    """Return an offer with the line ends that SDP has."""
    return sdp.read(text.replace("\n", "\r\n"))


def test_read() -> None:
    """An offer tells how the client is known, and what it sends by which codecs."""
    offer = read()
    assert (offer.username, offer.password, offer.setup) == ("4ZcD", "2/1muCWoOi3uLifh0NuRHlig", "actpass")
    assert offer.fingerprints == (("sha-256", "19:E2"),)
    audio, video = offer.media
    assert (audio.kind, audio.mid, audio.direction, audio.rids) == ("audio", "0", "sendonly", ())
    assert audio.codecs[0] == Codec(111, "opus", "opus/48000/2", "minptime=10;useinbandfec=1")
    assert (video.direction, video.rids) == ("sendrecv", ("low", "hi"))
    assert video.extensions[sdp.RID] == 10
    assert video.codecs[1].feedback == ("goog-remb", "transport-cc", "nack pli")


def test_choose() -> None:
    """Opus is chosen, and of H.264 what needs the fewest packets, in the plainest profile, or is like another."""
    audio, video = read().media
    chosen, other = sdp.choose(audio), sdp.choose(video)
    assert chosen is not None
    assert other is not None
    assert (chosen.payload_type, other.payload_type) == (111, 108)
    assert (other.mode, other.profile) == ("1", "42e0")
    like = Codec(96, "h264", "H264/90000", "profile-level-id=42001F")
    assert sdp.choose(video, like) == video.codecs[1]
    bare = Codec(96, "h264", "H264/90000")
    assert (bare.mode, bare.profile) == ("0", "42e0")


def test_nothing_to_choose() -> None:
    """Where neither is offered, nothing is chosen."""
    audio, video = read().media
    assert sdp.choose(audio._replace(codecs=audio.codecs[1:])) is None
    assert sdp.choose(video._replace(codecs=video.codecs[:1])) is None


def test_answer_to_a_publisher() -> None:
    """An answer takes what is chosen, to be received, with its layers, by the feedback that is understood."""
    offer = read()
    audio, video = offer.media
    bare = audio.codecs[0]._replace(parameters="")
    text = sdp.answer(offer, {"0": Chosen(bare), "1": Chosen(video.codecs[1])}, LOCAL, sends=False)
    lines = text.split("\r\n")
    assert lines[:5] == ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0 1"]
    assert [each for each in lines if each.startswith("m=")] == [
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "m=video 9 UDP/TLS/RTP/SAVPF 102",
    ]
    assert lines.count("a=recvonly") == lines.count("a=setup:passive") == lines.count("a=end-of-candidates") == 2
    assert lines.count("a=candidate:1 1 udp 2130706431 127.0.0.1 5000 typ host") == 2
    assert [each for each in lines if each.startswith(("a=rtcp-fb", "a=rid", "a=simulcast", "a=extmap"))] == [
        "a=rtcp-fb:102 goog-remb",
        "a=rtcp-fb:102 nack pli",
        "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid",
        "a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
        "a=rid:low recv",
        "a=rid:hi recv",
        "a=simulcast:recv low;hi",
    ]


def test_answer_to_a_subscriber() -> None:
    """An answer tells what is sent, under which source; what is not taken is declined, and not in the bundle."""
    offer = read(HEAD + AUDIO.replace("actpass", "passive") + VIDEO + "m=application 9 UDP/DTLS/SCTP x\na=mid:2\n")
    text = sdp.answer(offer, {"1": Chosen(offer.media[1].codecs[1], 77, "ada")}, LOCAL, sends=True)
    assert "a=group:BUNDLE 1\r\n" in text
    assert "m=audio 0 UDP/TLS/RTP/SAVPF 111 9\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=inactive\r\n" in text
    assert "m=application 0 UDP/DTLS/SCTP x\r\n" in text
    assert "a=sendonly\r\n" in text
    assert "a=setup:active\r\n" in text
    assert "a=msid:ada ada-video\r\na=ssrc:77 cname:ada\r\n" in text
    assert "a=extmap" not in text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no SDP offer"),
        (HEAD, "no SDP offer"),
        (AUDIO, "no SDP offer"),
        (HEAD + AUDIO * 17, "no SDP offer"),
        (HEAD.replace("0 1", "0") + AUDIO + VIDEO, "bundle its media"),
        (HEAD + AUDIO.replace("a=ice-pwd", "a=x"), "lacks ice-ufrag, ice-pwd or fingerprint"),
        (HEAD + AUDIO.replace("a=fingerprint", "a=x"), "lacks ice-ufrag, ice-pwd or fingerprint"),
        (HEAD + AUDIO.replace("a=mid:0", "a=mid:"), "has no mid: 'm=audio 9"),
        (HEAD + AUDIO.replace("9 UDP/TLS/RTP/SAVPF 111 9", "9"), "cannot be read"),
    ],
)
def test_refused(text: str, why: str) -> None:
    """What is no offer, or cannot be answered, is refused in words."""
    with pytest.raises(OfferRefused, match=why):
        read(text)


LINES = st.sampled_from((HEAD + AUDIO + VIDEO).splitlines())


@given(st.lists(LINES | st.text(max_size=30), max_size=60))
def test_any_lines(lines: list[str]) -> None:
    """Whatever lines come, in whatever order, they are an offer that can be answered, or are refused."""
    try:
        offer = sdp.read("v=0\n" + "\n".join(lines))
    except OfferRefused:
        return
    chosen = {each.mid: Chosen(codec) for each in offer.media if (codec := sdp.choose(each)) is not None}
    assert sdp.answer(offer, chosen, LOCAL, sends=False).startswith("v=0\r\n")
