from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from typing import Any

import pytest
from freezegun import freeze_time

from ivsim import Emulator

from ..calling import call


def channel(sim: Emulator) -> str:
    return str(call(sim, "CreateChannel", name="show").body["channel"]["arn"])


def test_shape(sim: Emulator) -> None:
    """An event is a plain dict as EventBridge would deliver it."""
    sim.clock.freeze(datetime(2026, 11, 21, 12, tzinfo=timezone.utc))
    arn = channel(sim)
    live = sim.streams.start(arn)
    event = sim.events[0]
    assert event == {
        "version": "0",
        "id": event["id"],
        "detail-type": "IVS Stream State Change",
        "source": "aws.ivs",
        "account": "123456789012",
        "time": "2026-11-21T12:00:00Z",
        "region": "us-east-1",
        "resources": [arn],
        "detail": {"event_name": "Session Created", "channel_name": "show", "stream_id": live.stream_id},
    }
    assert type(event) is dict
    assert len(event["id"]) == 36


def test_is_a_list(sim: Emulator) -> None:
    """Events can be counted, indexed, sliced and walked through, by type too."""
    sim.streams.start(channel(sim)).end()
    names = ["Session Created", "Stream Start", "Session Ended", "Stream End"]
    assert len(sim.events) == 4
    assert [event["detail"]["event_name"] for event in sim.events] == names
    assert [event["detail"]["event_name"] for event in sim.events[1:3]] == names[1:3]
    assert len(sim.events.of("IVS Stream State Change")) == 4
    assert sim.events.of("IVS Limit Breach") == []
    with pytest.raises(ValueError, match="detail_type: there is no detail type 'Stream Start'; "):
        sim.events.of("Stream Start")
    assert "Stream End" in repr(sim.events)
    assert len({event["id"] for event in sim.events}) == 4


def test_subscribe(sim: Emulator) -> None:
    """A subscriber gets later events in order, after the call that caused them; it may call the API; it may leave."""
    arn = channel(sim)
    seen: list[str] = []

    def note(event: dict[str, Any]) -> None:
        seen.append(event["detail"]["event_name"])
        if seen[-1] == "Stream Start":
            assert call(sim, "GetStream", channelArn=arn).status == 200
            call(sim, "StopStream", channelArn=arn)

    unsubscribe = sim.events.subscribe(note)
    sim.streams.start(arn)
    assert seen == ["Session Created", "Stream Start", "Session Ended", "Stream End"]
    unsubscribe()
    sim.streams.start(arn).end()
    assert len(seen) == 4


def test_subscribers_under_threads(sim: Emulator) -> None:
    """However many threads cause events, each is delivered once."""
    arns = [channel(sim) for _ in range(50)]
    seen: list[str] = []
    sim.events.subscribe(lambda event: seen.append(event["id"]))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda arn: sim.streams.start(arn).end(), arns))
    assert sorted(seen) == sorted(event["id"] for event in sim.events)
    assert len(set(seen)) == 200


def test_failing_subscriber(sim: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    """A subscriber that raises is reported, and breaks nothing: the others get the event, the caller its answer."""
    seen: list[dict[str, Any]] = []
    sim.events.subscribe(lambda _: 1 / 0)
    sim.events.subscribe(seen.append)
    with caplog.at_level(logging.ERROR, "ivsim.events"):
        sim.streams.start(channel(sim))
    assert len(seen) == 2
    assert "ZeroDivisionError" in caplog.text
    assert [(event, type(error)) for event, error in sim.events.failures] == [
        (event, ZeroDivisionError) for event in sim.events
    ]
    sim.reset()
    assert sim.events.failures == []
    assert "IVS Stream State Change" in caplog.text


def test_a_failed_call_tells_nothing(sim: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Events of a call that fails in the middle never happened."""
    arn = channel(sim)
    seen: list[dict[str, Any]] = []
    sim.events.subscribe(seen.append)
    monkeypatch.setattr("ivsim.ivs.broadcast._start", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        sim.streams.start(arn)
    assert (len(sim.events), seen) == (0, [])
    monkeypatch.undo()
    sim.streams.start(arn)
    assert len(sim.events) == len(seen) == 2


def test_everybody_has_a_copy(sim: Emulator) -> None:
    """What a subscriber does to its event, nobody else sees."""
    seen: list[dict[str, Any]] = []
    sim.events.subscribe(lambda event: event["detail"].clear())
    sim.events.subscribe(seen.append)
    sim.streams.start(channel(sim))
    assert seen == list(sim.events)
    assert seen[0]["detail"]["event_name"] == "Session Created"


def test_end_of_a_subscription(sim: Emulator) -> None:
    """A subscription is ended at once, by itself alone, and to end it twice is nothing."""
    seen: list[str] = []

    def note(event: dict[str, Any]) -> None:
        seen.append(event["detail"]["event_name"])

    def end(_: dict[str, Any]) -> None:
        first()

    sim.events.subscribe(end)
    first, _ = sim.events.subscribe(note), sim.events.subscribe(note)
    sim.streams.start(channel(sim))
    first()
    assert seen == ["Session Created", "Stream Start"]


def test_everybody_hears_in_one_order(sim: Emulator) -> None:
    """What a subscriber causes, all hear of after what they are hearing of."""
    arn = channel(sim)
    seen: list[str] = []
    sim.events.subscribe(
        lambda event: event["detail"]["event_name"] == "Stream Start" and call(sim, "StopStream", channelArn=arn)
    )
    sim.events.subscribe(lambda event: seen.append(event["detail"]["event_name"]))
    sim.streams.start(arn)
    assert seen == ["Session Created", "Stream Start", "Session Ended", "Stream End"]


def test_a_subscriber_that_gives_up(sim: Emulator) -> None:
    """What is no error of the subscriber's, but the end of a test, gets through; the call is on record by then."""
    arn = channel(sim)
    sim.streams.start(arn)
    sim.events.subscribe(lambda _: pytest.fail("enough"))
    with pytest.raises(pytest.fail.Exception, match="enough"):
        call(sim, "StopStream", channelArn=arn)
    assert sim.calls[-1].operation == "StopStream"


def test_reset_while_events_are_told(sim: Emulator) -> None:
    """Whoever resets the emulator hears no more of what was before."""
    seen: list[str] = []

    def note(event: dict[str, Any]) -> None:
        seen.append(event["detail"]["event_name"])
        sim.reset()

    sim.events.subscribe(note)
    sim.streams.start(channel(sim))
    assert seen == ["Session Created"]
    assert len(sim.events) == 0


def test_due_events_are_there(sim: Emulator) -> None:
    """A look at the events lets happen what is due, however the clock moved."""
    with freeze_time("2030-01-02T03:04:05Z") as frozen:
        sim.streams.start(channel(sim)).starve()
        frozen.tick(60)
        assert sim.events[-1]["detail"]["event_name"] == "Stream End"


def test_subscriptions_of_a_block(sim: Emulator) -> None:
    """A subscription made in an isolated block ends with it; one ended there goes on afterwards."""
    seen: list[str] = []
    end = sim.events.subscribe(lambda _: seen.append("before"))
    with sim.isolated():
        end()
        inside = sim.events.subscribe(lambda _: seen.append("inside"))
    inside()
    sim.streams.start(channel(sim))
    assert set(seen) == {"before"}


def test_subscribe_with_a_pattern(sim: Emulator) -> None:
    """With an event pattern, a subscriber gets the events that a rule with it would hand on; it may leave."""
    arn, other = channel(sim), channel(sim)
    seen: list[dict[str, Any]] = []
    pattern = {"source": ["aws.ivs"], "resources": [arn], "detail": {"event_name": [{"suffix": "Start"}]}}
    unsubscribe = sim.events.subscribe(seen.append, pattern=pattern)
    for each in (other, arn):
        sim.streams.start(each).end()
    assert [(event["resources"], event["detail"]["event_name"]) for event in seen] == [([arn], "Stream Start")]
    unsubscribe()
    sim.streams.start(arn).end()
    assert len(seen) == 1


def test_subscribe_with_a_wrong_pattern(sim: Emulator) -> None:
    """A pattern or a function that cannot be is refused, and nobody is subscribed."""
    seen: list[dict[str, Any]] = []
    with pytest.raises(ValueError, match=r"pattern: detail.event_name: 'Stream Start' is neither a list of values"):
        sim.events.subscribe(seen.append, pattern={"detail": {"event_name": "Stream Start"}})
    with pytest.raises(TypeError, match="callback: "):
        sim.events.subscribe(lambda: None, pattern={"source": ["aws.ivs"]})  # type: ignore[misc, arg-type]
    sim.streams.start(channel(sim))
    assert seen == []
    assert sim.events.failures == []
