"""Random sequences of broadcasts, viewers and revocations, against what a back end believes of them."""

from __future__ import annotations

from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from ivsim import Emulator, LiveStream, playback_token

from ...calling import call
from ..conftest import NOON, import_key, segment_urls, variant_urls

KEY = ec.generate_private_key(ec.SECP384R1())
VIEWERS = st.sampled_from(["ann", "bob"])
VERSIONS = st.integers(0, 3)


class Watched(NamedTuple):
    """What somebody watches: who, in which broadcast, by which URLs."""

    viewer: str
    version: int
    stream_id: str
    variant: str
    segment: str


class Viewers(RuleBasedStateMachine):
    """A private channel and a back end that issues tokens, revokes viewers, and remembers both."""

    tokens = Bundle("tokens")
    watched = Bundle("watched")

    def __init__(self) -> None:
        super().__init__()
        self.sim = Emulator()
        self.sim.clock.freeze(NOON)
        import_key(self.sim, KEY)
        self.arn: str = call(self.sim, "CreateChannel", authorized=True).body["channel"]["arn"]
        self.live: LiveStream | None = None
        self.ended: dict[str, float] = {}
        self.revoked: dict[str, int] = {}
        self.sessions: list[Watched] = []

    def is_revoked(self, viewer: str, version: int) -> bool:
        return version <= self.revoked.get(viewer, -1)

    @rule()
    def go_live(self) -> None:
        if self.live is None:
            self.live = self.sim.streams.start(self.arn)

    @rule()
    def end(self) -> None:
        if self.live is not None:
            self.live.end()
            self.ended[self.live.stream_id] = self.sim.clock.time()
            self.live = None

    @rule(target=tokens, viewer=VIEWERS, version=VERSIONS)
    def issue(self, viewer: str, version: int) -> tuple[str, int, int, str]:
        now = self.sim.clock.now()
        token = playback_token(KEY, self.arn, viewer_id=viewer, viewer_session_version=version, now=now)
        return viewer, version, int(now.timestamp() + 300), token

    @rule(target=watched, issued=tokens)
    def open_session(self, issued: tuple[str, int, int, str]) -> Watched | None:
        viewer, version, expires, token = issued
        answer = self.sim.playback.request(self.arn, token=token)
        if self.is_revoked(viewer, version) or int(self.sim.clock.time()) > expires:
            assert answer.status == 403
        elif self.live is None:
            assert answer.status == 404
        else:
            variant = variant_urls(answer)[0]
            segment = segment_urls(self.sim.playback.request(variant))[0]
            self.sessions.append(Watched(viewer, version, self.live.stream_id, variant, segment))
            return self.sessions[-1]
        assert "#EXTM3U" not in answer.body
        return None

    @rule(viewer=VIEWERS, version=VERSIONS)
    def revoke(self, viewer: str, version: int) -> None:
        members: dict[str, Any] = {"viewerId": viewer, "viewerSessionVersionsLessThanOrEqualTo": version}
        call(self.sim, "StartViewerSessionRevocation", channelArn=self.arn, **members)
        self.revoked[viewer] = max(self.revoked.get(viewer, -1), version)

    @rule(sessions=st.lists(st.tuples(VIEWERS, VERSIONS), min_size=1, max_size=3))
    def revoke_several(self, sessions: list[tuple[str, int]]) -> None:
        named = [
            {"channelArn": self.arn, "viewerId": viewer, "viewerSessionVersionsLessThanOrEqualTo": version}
            for viewer, version in sessions
        ]
        call(self.sim, "BatchStartViewerSessionRevocation", viewerSessions=named)
        for viewer, version in sessions:
            self.revoked[viewer] = max(self.revoked.get(viewer, -1), version)

    @rule(seconds=st.sampled_from([0.5, 2, 30, 60, 299, 301]))
    def advance(self, seconds: float) -> None:
        self.sim.clock.advance(seconds)

    @rule(session=watched)
    def watch_on(self, session: Watched | None) -> None:
        """What was listed can be fetched for as long as its broadcast is served, unless its viewer is revoked."""
        if session is not None:
            served = self.sim.clock.time() - self.ended.get(session.stream_id, self.sim.clock.time()) < 60
            expected = 403 if self.is_revoked(session.viewer, session.version) else 200 if served else 404
            for url in (session.variant, session.segment):
                assert self.sim.playback.request(url).status == expected

    @invariant()
    def a_revoked_viewer_gets_nothing(self) -> None:
        for session in self.sessions:
            if self.is_revoked(session.viewer, session.version):
                for url in (session.variant, session.segment):
                    answer = self.sim.playback.request(url)
                    assert (answer.status, answer.viewer_session) == (403, None)

    @invariant()
    def a_later_version_plays_on(self) -> None:
        for session in self.sessions:
            running = self.live is not None and session.stream_id == self.live.stream_id
            if running and not self.is_revoked(session.viewer, session.version):
                assert "#EXT-X-ENDLIST" not in self.sim.playback.request(session.variant).body
                assert self.sim.playback.request(session.segment).status == 200

    @invariant()
    def nobody_gets_a_playlist_of_an_offline_channel(self) -> None:
        token = playback_token(KEY, self.arn, now=self.sim.clock.now())
        assert self.sim.playback.request(self.arn, token=token).status == (404 if self.live is None else 200)


TestViewers = Viewers.TestCase
TestViewers.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
