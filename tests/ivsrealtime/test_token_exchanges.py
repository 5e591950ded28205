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
