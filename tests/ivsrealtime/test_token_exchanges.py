"""One token in the place of another, while its participant is on a stage."""

from __future__ import annotations

import pytest

from ivsim import Emulator

from ..calling import call
from .people import events_of, refused
from .signing import Sign
from .test_presence import stage


@pytest.mark.needs("ImportPublicKey")
def test_exchange(sim: Emulator, sign: Sign) -> None:
    """A token goes in the place of another, of which an event has both; without the right publishing ends."""
    arn = stage(sim)
    host = sim.stages.join(sign(sim, arn, user_id="host"))
    host.publish()
    host.exchange_token(sign(sim, arn, user_id="star", attributes={"role": "star"}))
    assert (host.user_id, host.is_publishing) == ("star", True)
    host.exchange_token(sign(sim, arn, capabilities={"allow_subscribe": True}))
    assert not host.is_publishing
    asked = {"stageArn": arn, "sessionId": host.session_id, "participantId": host.participant_id}
    events = call(sim, "ListParticipantEvents", **asked).body["events"]
    first = next(each for each in reversed(events) if each["name"] == "TOKEN_EXCHANGED")
    assert first["previousToken"]["userId"] == "host"
    assert first["newToken"]["attributes"] == {"role": "star"}
    assert first["newToken"]["capabilities"] == ["PUBLISH", "SUBSCRIBE"]


@pytest.mark.needs("ImportPublicKey")
def test_exchange_refused(sim: Emulator, sign: Sign) -> None:
    """Tokens of the service, of another stage, or that are none are not taken, and nothing changes."""
    arn, other = stage(sim), stage(sim)
    host, guest = sim.stages.join(sign(sim, arn, user_id="host")), sim.stages.join(arn)
    token = call(sim, "CreateParticipantToken", stageArn=arn).body["participantToken"]["token"]
    refused("TOKEN_EXCHANGE_REFUSED", host.exchange_token, token)
    refused("TOKEN_EXCHANGE_REFUSED", host.exchange_token, sign(sim, other))
    refused("TOKEN_EXCHANGE_REFUSED", host.exchange_token, sign(sim, arn, jti="another"))
    refused("TOKEN_EXCHANGE_REFUSED", guest.exchange_token, sign(sim, arn))
    refused("TOKEN_MALFORMED", host.exchange_token, "token")
    assert host.user_id == "host"
    assert events_of(sim, host) == ["JOINED"]


@pytest.mark.needs("ImportPublicKey")
@pytest.mark.parametrize("claim", ["events_url", "whip_url"])
def test_other_addresses(sim: Emulator, sign: Sign, claim: str) -> None:
    """The addresses of the token before have to be those of the next one too."""
    arn = stage(sim)
    host = sim.stages.join(sign(sim, arn))
    refused("TOKEN_EXCHANGE_REFUSED", host.exchange_token, sign(sim, arn, **{claim: "https://elsewhere.example"}))
    host.exchange_token(sign(sim, arn))
    assert events_of(sim, host) == ["JOINED", "TOKEN_EXCHANGED"]


@pytest.mark.needs("ImportPublicKey")
def test_who_hears_of_it(sim: Emulator, sign: Sign) -> None:
    """The others hear of another user id, or other attributes, of one who publishes; it hears of its own always."""
    arn = stage(sim)
    guest, host = sim.stages.join(arn), sim.stages.join(sign(sim, arn))

    def heard() -> tuple[int, int]:
        name = "stageParticipantMetadataChanged"
        by = (sum((each.name, each.participant_id) == (name, "ann") for each in who.seen) for who in (host, guest))
        return next(by), next(by)

    host.exchange_token(sign(sim, arn, user_id="host"))
    assert heard() == (1, 0)
    host.publish()
    host.exchange_token(sign(sim, arn, user_id="host", attributes={"role": "star"}))
    assert heard() == (2, 1)
    host.exchange_token(sign(sim, arn, user_id="host", attributes={"role": "star"}, exp=in_a_minute(sim)))
    assert heard() == (2, 1)
    late = sim.stages.join(arn)
    assert late.seen[-1].name == "stageParticipantPublishStateChanged"


def in_a_minute(sim: Emulator) -> int:
    """Return the time in 60 seconds, as tokens have it."""
    return int(sim.clock.now().timestamp()) + 60


@pytest.mark.needs("ImportPublicKey")
def test_without_subscribe(sim: Emulator, sign: Sign) -> None:
    """Who goes on without the right to subscribe hears and sees nobody any more."""
    arn = stage(sim)
    host, guest = sim.stages.join(arn), sim.stages.join(sign(sim, arn))
    host.publish()
    guest.subscribe(host)
    guest.publish()
    guest.exchange_token(sign(sim, arn, capabilities={"allow_publish": True}))
    assert not guest.is_subscribed_to(host)
    assert guest.is_publishing
    assert events_of(sim, guest)[-2:] == ["TOKEN_EXCHANGED", "SUBSCRIBE_STOPPED"]
