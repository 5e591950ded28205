"""The URLs of the playback edge: what leads where, and what leads nowhere."""

from __future__ import annotations

import base64
import json

import pytest

from ivsim import Emulator, Request

from ...calling import call
from ..conftest import Channel, segment_urls, variant_urls
from .refusals import NOT_FOUND, code


@pytest.mark.parametrize(
    "path",
    [
        "https://usw24.playlist.live-video.net/v1/playlist/abc.m3u8",
        "https://usw24.playlist.live-video.net/v1/playlist/YWJj.ts",
        "https://usw24.playlist.live-video.net/v1/playlist/_-_.m3u8",
        "https://usw24.playlist.live-video.net/v1/playlist/.m3u8",
        "https://x.j.cloudfront.hls.live-video.net/v1/segment/YWJj.ts",
        "https://x.j.cloudfront.hls.live-video.net/v1/segment/eC8wLzA.ts",
        "https://x.j.cloudfront.hls.live-video.net/",
        "https://x.j.cloudfront.hls.live-video.net",
        "/api/video/v1/us-east-1.123456789012.channel.m3u8",
        "https://[x.playback.live-video.net/",
    ],
)
def test_urls_of_nothing(sim: Emulator, path: str) -> None:
    """A URL that the edge has not named leads nowhere."""
    assert code(sim.playback.request(path)) == NOT_FOUND


def test_urls_that_were_altered(public: Channel) -> None:
    """Nor do other renditions, other segments or other sessions than those that were named."""

    def altered(url: str, old: str, new: str) -> str:
        head, _, tail = url.rpartition("/")
        name, dot, rest = tail.partition(".")
        parts = base64.urlsafe_b64decode(name + "=" * (-len(name) % 4)).decode()
        assert old in parts
        return f"{head}/{base64.urlsafe_b64encode(parts.replace(old, new).encode()).decode().rstrip('=')}{dot}{rest}"

    public.sim.streams.start(public.arn)
    variant = variant_urls(public.watch())[0]
    playlist = public.sim.playback.request(variant)
    segment = segment_urls(playlist)[0]
    stream_id = playlist.viewer_session.stream_id if playlist.viewer_session else ""
    for url in (
        altered(variant, "/0", "/9"),
        altered(variant, "/0", "/-1"),
        altered(segment, "/0/0", "/9/0"),
        altered(segment, "/0/0", "/0/3"),
        altered(segment, "/0/0", "/0/-1"),
        altered(segment, "/0/0", "/0/0/0"),
        altered(segment, "/0/0", "/0/+0"),
        altered(segment, "/0/0", "/0_0/0"),
        variant.replace(".m3u8", ".ts"),
        segment.replace(".ts", ".m3u8"),
        segment.replace(".ts", ".mp4"),
        altered(segment, stream_id, stream_id[:-1] + "!"),
        segment.partition("?")[0],
        segment + "x",
    ):
        assert code(public.sim.playback.request(url)) == NOT_FOUND, url
    for number in (1, 2):
        assert public.sim.playback.request(altered(segment, "/0/0", f"/0/{number}")).status == 200


def test_explained_url(private: Channel) -> None:
    """The URL in a refusal has the parameters of the request in order, escaped as Go does it, and never a token."""
    answer = private.sim.playback.request(f"{private.url}?z=<1>&a=%26&empty=&token=x#fragment")
    url = json.loads(answer.body)[0]["url"]
    assert url.partition("?")[2] == "a=%26&empty=&pbac=true&pbar=true&pblm=LOW&z=%3C1%3E"
    answer = private.watch(token=private.token(channel_arn="<&>"))
    assert not set("<>&") & set(answer.body)


def test_asked_elsewhere(sim: Emulator) -> None:
    """Asked at a host that is not the edge's, playlists have relative URLs, which lead back to it."""
    arn = call(sim, "CreateChannel").body["channel"]["arn"]
    with sim.streams.start(arn):
        path = f"/api/video/v1/us-east-1.123456789012.channel.{arn.partition('/')[2]}.m3u8"
        for url in (path, f"https://abc.us-east-1.playback.live-video.net{path}"):
            assert sim.playback.request(url).body.split()[-1].startswith("https://use14.playlist.live-video.net/v1/")
        variant = sim.playback.request(f"http://localhost:4870{path}").body.split()[-1]
        assert variant.startswith("../../../v1/playlist/")
        playlist = sim.playback.request("http://localhost:4870/" + variant.removeprefix("../../../")).body
        assert all(line.startswith("../segment/") for line in playlist.splitlines() if not line.startswith("#"))


def test_by_path_alone(public: Channel) -> None:
    """The path decides, as for operations: a server that is reached by another name answers too."""
    public.sim.streams.start(public.arn)
    assert public.sim.handle(Request("GET", public.url.partition(".net")[2])).status == 200
