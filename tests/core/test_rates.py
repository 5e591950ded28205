from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from ivsim import ChatConnection, Emulator

from ..calling import call, send, signed


@pytest.fixture
def limited() -> Emulator:
    sim = Emulator(rate_limits=True)
    sim.clock.freeze(datetime(2026, 11, 21, tzinfo=timezone.utc))
    return sim


def test_off_by_default(sim: Emulator) -> None:
    """Nobody is throttled who did not ask to be."""
    assert {call(sim, "ListChannels").status for _ in range(50)} == {200}


def test_documented_rate(limited: Emulator) -> None:
    """More calls a second than documented are throttled, each operation, account and region for itself."""
    assert [call(limited, "ListChannels").status for _ in range(7)] == [200] * 5 + [429] * 2
    answer = call(limited, "ListChannels")
    assert answer.code == "ThrottlingException"
    text = "Operation: ivs:ListChannels exceeded call rate: 5 for resource: 123456789012"
    assert answer.body["message"] == text
    assert call(limited, "CreateChannel").status == 200
    assert send(limited, "POST", "/ListChannels", b"{}", signed(key="999988887777")).status == 200
    assert call(limited, "ListRooms").status == 200
    limited.clock.advance(1)
    assert call(limited, "ListChannels").status == 200


def test_refused_calls_change_nothing(limited: Emulator) -> None:
    """A throttled call does nothing."""
    for _ in range(8):
        call(limited, "CreateRoom")
    limited.clock.advance(1)
    assert len(call(limited, "ListRooms").body["rooms"]) == 5


def test_metadata_per_channel(limited: Emulator) -> None:
    """PutMetadata has a rate for each channel, and says which channel has had enough."""
    arns = [call(limited, "CreateChannel").body["channel"]["arn"] for _ in range(2)]
    for arn in arns:
        limited.streams.start(arn)
    put = [call(limited, "PutMetadata", channelArn=arns[0], metadata="x") for _ in range(6)]
    assert [answer.status for answer in put] == [204] * 5 + [429]
    assert put[-1].body["message"] == (f"Operation: ivs:PutMetadata exceeded call rate: 5 for resource: {arns[0]}")
    assert call(limited, "PutMetadata", channelArn=arns[1], metadata="x").status == 204


def test_reset(limited: Emulator) -> None:
    """A reset forgets who has called."""
    for _ in range(6):
        call(limited, "ListChannels")
    limited.reset()
    assert call(limited, "ListChannels").status == 200


def test_isolated(limited: Emulator) -> None:
    """What is called in an isolated block does not count after it; what was called before does."""
    for _ in range(4):
        call(limited, "ListChannels")
    with limited.isolated():
        assert [call(limited, "ListChannels").status for _ in range(2)] == [200, 429]
    assert [call(limited, "ListChannels").status for _ in range(2)] == [200, 429]


def test_per_region(limited: Emulator) -> None:
    """A rate holds in each region for itself."""
    for region in ("us-east-1", "eu-west-1"):
        statuses = [send(limited, "POST", "/ListRooms", b"{}", signed(region)).status for _ in range(6)]
        assert statuses == [200] * 5 + [429]


def test_throttled_chat(limited: Emulator) -> None:
    """A throttled call of IVS Chat says which room it was about, and what the limit is."""
    room = call(limited, "CreateRoom").body
    for _ in range(100):
        call(limited, "SendEvent", roomIdentifier=room["arn"], eventName="x")
    answer = call(limited, "SendEvent", roomIdentifier=room["arn"], eventName="x")
    assert answer.code == "ThrottlingException"
    assert (answer.body["resourceId"], answer.body["resourceType"], answer.body["limit"]) == (room["id"], "ROOM", 100)


def test_a_throttled_call_costs_nobody_else(sim: Emulator) -> None:
    """Calls that one channel has too many of do not count against the account."""
    sim = Emulator(rate_limits=True)
    sim.clock.freeze()
    arns = []
    for _ in range(2):
        arns.append(call(sim, "CreateChannel").body["channel"]["arn"])
        sim.streams.start(arns[-1])
    codes = [call(sim, "PutMetadata", channelArn=arns[0], metadata="x").code for _ in range(160)]
    assert codes == [None] * 5 + ["ThrottlingException"] * 155
    assert call(sim, "PutMetadata", channelArn=arns[1], metadata="x").status == 204


def test_a_clock_that_is_set_back(sim: Emulator) -> None:
    """What was called at a time that is yet to come does not count."""
    sim = Emulator(rate_limits=True)
    now = datetime(2026, 11, 21, tzinfo=timezone.utc)
    sim.clock.freeze(now)
    for _ in range(5):
        call(sim, "CreateChannel")
    assert call(sim, "CreateChannel").code == "ThrottlingException"
    sim.clock.freeze(now - timedelta(hours=1))
    assert call(sim, "CreateChannel").status == 200


def test_counts_that_nobody_needs() -> None:
    """Rates do not remember everybody who ever did something, and whoever is over the rate stays so."""
    sim = Emulator()
    sim.clock.freeze()
    room = call(sim, "CreateRoom", maximumMessageRatePerSecond=100).body["arn"]

    def join() -> ChatConnection:
        token = {"roomIdentifier": room, "userId": "ada", "capabilities": ["SEND_MESSAGE"]}
        return sim.chat.connect(call(sim, "CreateChatToken", **token).body["token"])

    for _ in range(1_100):
        with join() as guest:
            guest.send_message("hello")
        sim.clock.advance(0.02)
    assert len(sim._state.rates.snapshot()) < 1_000
    ada = join()
    for _ in range(11):
        ada.send_message("hello")
    assert [frame.startswith('{"ErrorCode":429') for frame in ada.frames] == [False] * 10 + [True]
