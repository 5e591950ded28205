"""Offers and answers of WebRTC, as far as one who only sends, or only receives, needs them, without input or output.

Sources: RFC 8866 (SDP), 8829 (JSEP), 9143 (BUNDLE), 8853 (simulcast), 8840 (trickle ICE), 9725 (WHIP).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
RID = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"

_FEEDBACK = ("nack", "nack pli", "ccm fir", "goog-remb")
"""The feedback that is understood."""

_MOST_MEDIA = 16


class OfferRefused(ValueError):
    """An offer cannot be answered. `status` is that of HTTP: 422 where it is the offer's fault."""

    def __init__(self, rule: str, status: int = 422) -> None:
        super().__init__(rule)
        self.status = status


class Codec(NamedTuple):
    """A codec that is offered, under a payload type."""

    payload_type: int
    name: str
    encoding: str
    parameters: str = ""
    feedback: tuple[str, ...] = ()

    @property
    def profile(self) -> str:
        """The profile of H.264, as its first two bytes say it, in lower case."""
        found = re.search(r"profile-level-id=([0-9a-fA-F]{4})", self.parameters)
        return found[1].lower() if found else "42e0"

    @property
    def mode(self) -> str:
        """The packetization mode of H.264."""
        found = re.search(r"packetization-mode=([0-2])", self.parameters)
        return found[1] if found else "0"


class Media(NamedTuple):
    """A section of an offer: a sound, a picture or something else."""

    kind: str
    mid: str
    direction: str
    codecs: tuple[Codec, ...]
    extensions: dict[str, int]
    rids: tuple[str, ...]
    line: str


class Offer(NamedTuple):
    """What a client offers: its sections, and how it is known.

    Where it says that it is reached is left out: it reaches the server, which answers to where that came from.
    """

    username: str
    password: str
    fingerprints: tuple[tuple[str, str], ...]
    setup: str
    media: tuple[Media, ...]

    @property
    def answer_setup(self) -> str:
        """Who begins the handshake: the client, as RFC 9725 has it, unless it wants to be called.

        So its certificate may be of any kind: aiortc calls none but those of elliptic curves, GStreamer has one of RSA.
        """
        return "active" if self.setup == "passive" else "passive"


class Chosen(NamedTuple):
    """What is taken of a section: a codec of its own, and, of what is sent in answer, the source and its name."""

    codec: Codec
    source: int = 0
    cname: str = ""


class Local(NamedTuple):
    """How the server is reached, and known."""

    username: str
    password: str
    fingerprint: tuple[str, str]
    candidates: tuple[str, ...]


def read(text: str) -> Offer:
    """Return an offer. Raises OfferRefused for text that is none, and for one with several transports."""
    head, *sections = re.split(r"^(?=m=)", text.replace("\r\n", "\n"), flags=re.MULTILINE)
    if not head.startswith("v=0") or not 0 < len(sections) <= _MOST_MEDIA:
        raise OfferRefused("the body is no SDP offer of media")
    attributes = _attributes(head)
    media = tuple(map(_section, sections))
    together = next((value.split()[1:] for name, value in attributes if (name, value[:6]) == ("group", "BUNDLE")), [])
    taken = [each for each in media if each.kind in ("audio", "video")]
    if len(taken) > 1 and not all(each.mid in together for each in taken):
        raise OfferRefused("the offer has to bundle its media: a=group:BUNDLE")
    attributes += _attributes(sections[0])
    values = dict(reversed(attributes))
    fingerprints = tuple(
        (algorithm.lower(), print_)
        for algorithm, _, print_ in (value.partition(" ") for name, value in attributes if name == "fingerprint")
    )
    if not (values.get("ice-ufrag") and values.get("ice-pwd") and fingerprints):
        raise OfferRefused("the offer lacks ice-ufrag, ice-pwd or fingerprint")
    return Offer(values["ice-ufrag"], values["ice-pwd"], fingerprints, values.get("setup", "actpass"), media)


def username(fragment: str) -> str | None:
    """Return whose candidates are in a fragment that comes after an offer, by ICE's name; None for what is none."""
    named = dict(_attributes(fragment))
    is_sdp = all(re.match("[a-z]=", line) for line in filter(None, fragment.splitlines()))
    return named.get("ice-ufrag") if is_sdp and named.get("ice-pwd") else None


def choose(media: Media, like: Codec | None = None) -> Codec | None:
    """Return the codec of a section that a stage takes, None where it has none: H.264, or Opus.

    Of several forms of H.264 it is the one that is `like` another, as far as there is one; else what needs the fewest
    packets, and the plainest profile.
    """
    if media.kind == "audio":
        return next((each for each in media.codecs if each.name == "opus"), None)
    found = [each for each in media.codecs if each.name == "h264"]
    if like is not None:
        found.sort(key=lambda each: (each.mode != like.mode, each.profile != like.profile))
    else:
        found.sort(key=lambda each: (each.mode != "1", not each.profile.startswith("42")))
    return found[0] if found else None


def answer(offer: Offer, chosen: dict[str, Chosen], local: Local, *, sends: bool) -> str:
    """Return the answer in which the sections that are `chosen`, by their mid, are taken, and no others."""
    mids = [each.mid for each in offer.media if each.mid in chosen]
    lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", f"a=group:BUNDLE {' '.join(mids)}"]
    lines.append("a=msid-semantic: WMS *")
    for media in offer.media:
        if media.mid in chosen:
            lines += _taken(offer, media, chosen[media.mid], local, sends=sends)
        else:
            lines += [
                re.sub(r"^(m=\S+) \S+", r"\1 0", media.line),
                "c=IN IP4 0.0.0.0",
                f"a=mid:{media.mid}",
                "a=inactive",
            ]
    return "".join(f"{line}\r\n" for line in lines)


def _taken(offer: Offer, media: Media, chosen: Chosen, local: Local, *, sends: bool) -> Iterator[str]:
    codec = chosen.codec
    yield f"m={media.kind} 9 UDP/TLS/RTP/SAVPF {codec.payload_type}"
    yield "c=IN IP4 0.0.0.0"
    yield "a=rtcp:9 IN IP4 0.0.0.0"
    yield f"a=mid:{media.mid}"
    yield f"a={'sendonly' if sends else 'recvonly'}"
    yield f"a=ice-ufrag:{local.username}"
    yield f"a=ice-pwd:{local.password}"
    yield f"a=fingerprint:{' '.join(local.fingerprint)}"
    yield f"a=setup:{offer.answer_setup}"
    yield "a=rtcp-mux"
    yield f"a=rtpmap:{codec.payload_type} {codec.encoding}"
    if codec.parameters:
        yield f"a=fmtp:{codec.payload_type} {codec.parameters}"
    yield from (f"a=rtcp-fb:{codec.payload_type} {each}" for each in codec.feedback if each in _FEEDBACK)
    if sends:
        yield f"a=msid:{chosen.cname} {chosen.cname}-{media.kind}"
        yield f"a=ssrc:{chosen.source} cname:{chosen.cname}"
    else:
        yield from (f"a=extmap:{media.extensions[uri]} {uri}" for uri in (MID, RID) if uri in media.extensions)
        yield from (f"a=rid:{rid} recv" for rid in media.rids)
        if media.rids:
            yield f"a=simulcast:recv {';'.join(media.rids)}"
    yield from (f"a=candidate:{each}" for each in local.candidates)
    yield "a=end-of-candidates"


def _section(text: str) -> Media:
    line = text.partition("\n")[0]
    parts = line[2:].split()
    attributes = _attributes(text)
    named = dict(attributes)
    mid = named.get("mid", "")
    if len(parts) < 4 or not re.fullmatch(r"[A-Za-z0-9]+", parts[0]) or not re.fullmatch(r"[^\s]{1,64}", mid):
        raise OfferRefused(f"the offer has a section that cannot be read, or has no mid: {line[:60]!r}")
    parameters, feedback = _by_type(attributes, "fmtp"), _by_type(attributes, "rtcp-fb")
    codecs = [
        Codec(
            int(number),
            encodings[0].partition("/")[0].lower(),
            encodings[0],
            next(iter(parameters.get(number, [])), ""),
            tuple(feedback.get(number, []) + feedback.get("*", [])),
        )
        for number, encodings in _by_type(attributes, "rtpmap").items()
        if re.fullmatch(r"[0-9]{1,3}", number) and int(number) < 128
    ]
    direction = next((name for name, _ in attributes if name in ("sendonly", "recvonly", "inactive")), "sendrecv")
    extensions = re.findall(r"^a=extmap:([0-9]{1,2})(?:/\w+)? (\S+)", text, re.MULTILINE)
    rids = re.findall(r"^a=rid:([A-Za-z0-9_-]{1,16}) send", text, re.MULTILINE)
    return Media(
        parts[0],
        mid,
        direction,
        tuple(codecs),
        {uri: int(number) for number, uri in extensions},
        tuple(rids),
        line,
    )


def _attributes(text: str) -> list[tuple[str, str]]:
    """Return the attributes of a part, in their order."""
    lines = [line[2:].strip() for line in text.split("\n") if line.startswith("a=")]
    return [(name, value) for name, _, value in (line.partition(":") for line in lines)]


def _by_type(attributes: list[tuple[str, str]], wanted: str) -> dict[str, list[str]]:
    """Return the values of attributes that begin with a payload type, by that."""
    found: dict[str, list[str]] = {}
    for name, value in attributes:
        number, _, rest = value.partition(" ")
        if name == wanted and rest:
            found.setdefault(number, []).append(rest)
    return found
