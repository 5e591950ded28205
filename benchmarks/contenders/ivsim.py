"""ivsim, as a user has it: boto3 under `mock_ivs`."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any

import boto3

from ivsim import Emulator, Request, mock_ivs

from . import Base, three_calls, timed

Recorded = tuple[dict[str, tuple[int, dict[str, str], bytes]], Sequence[str], str, Mapping[str, str]]


class Contender(Base):
    """Clients under one mock, which has room for any number of channels."""

    quota, operation, member = "Channels", "CreateChannel", "channel"

    def __init__(self) -> None:
        super().__init__()
        self._sim: Emulator

    def start(self) -> None:
        """Enter the mock, for good."""
        self._sim = mock_ivs(quotas={self.quota: 10_000_000}).start()

    def client(self, region: str) -> Any:
        """Return a client as anybody makes it."""
        return boto3.client(self.service, region_name=region)

    def fill(self, region: str, count: int, every: int) -> list[str]:
        """Send the requests straight to the emulator. What it logged of them is forgotten."""
        bodies = self._create(region, count, every)
        self._sim.calls.clear()
        return [json.loads(body)[self.member]["arn"] for body in bodies]

    def small_test(self) -> None:
        """Begin, make a client, call, end."""
        with mock_ivs():
            three_calls(boto3.client("ivs"))

    def time_enter_and_leave(self, seconds: float) -> float:
        """Return the seconds it takes to enter the mock and leave it."""

        def enter_and_leave() -> None:
            with mock_ivs():
                pass

        return timed(enter_and_leave, seconds)

    def record(self, size: int) -> Recorded:
        """Return answers where there are `size` channels, by operation and by call; and what to call with."""
        place = self.places[size]
        answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        for name, call in self.calls.items():

            def keep(event_name: str, response_dict: dict[str, Any], call: str = name, **_: object) -> None:
                headers = {each: str(value) for each, value in response_dict["headers"].items()}
                answer = response_dict["status_code"], headers, response_dict["body"]
                answers[event_name.rpartition(".")[2]] = answers[call] = answer

            place.client.meta.events.register("response-received", keep)
            call(place)
            place.client.meta.events.unregister("response-received", keep)
        return answers, place.sample, place.middle, place.session

    def memory(self, count: int) -> tuple[float, float]:
        """Return the bytes that a channel with its key takes: with the log of calls, and without."""
        self.start()
        self._create("us-east-1", 100, 100)  # what is made once
        self._sim.calls.clear()
        tracemalloc.start()
        self._create("us-east-1", count, count)
        with_log = tracemalloc.get_traced_memory()[0]
        self._sim.calls.clear()
        without_log = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        return with_log / count, without_log / count

    def chat(self, viewers: int, messages: int, one_by_one: bool) -> tuple[float, float]:
        """Return the seconds in which a room takes so many messages, and those in which so many viewers read them all.

        Everybody sends in turn, as fast as the room's rate allows on a clock that is moved by hand.
        """
        sim = Emulator()
        sim.clock.freeze()
        room = self._ask(sim, "CreateRoom", maximumMessageRatePerSecond=100)["arn"]
        tokens = [
            self._ask(
                sim, "CreateChatToken", roomIdentifier=room, userId=f"viewer{number}", capabilities=["SEND_MESSAGE"]
            )["token"]
            for number in range(viewers)
        ]
        connections = [sim.chat.connect(token) for token in tokens]
        began = perf_counter()
        for number in range(messages):
            connections[number % viewers].send_message(f"message {number}")
            sim.clock.advance(0.01)
        sent = perf_counter()
        read = 0
        for connection in connections:
            if one_by_one:
                for _ in range(messages):
                    read += connection.receive()["Type"] == "MESSAGE"
            else:
                for text in connection.frames:
                    read += text.startswith('{"Type":"MESSAGE"')
        done = perf_counter()
        assert read == viewers * messages, read
        return sent - began, done - sent

    def day(self, channels: int) -> tuple[float, int]:
        """Return the seconds that a day of channels takes, and how many events it has."""
        sim = Emulator(transitions="realistic", quotas={"Concurrent streams": channels})
        sim.clock.freeze()
        bucket = {"s3": {"bucketName": "recordings"}}
        made = self._ask(sim, "CreateRecordingConfiguration", destinationConfiguration=bucket)
        recorded = {"recordingConfigurationArn": made["recordingConfiguration"]["arn"]}
        arns = [self._ask(sim, "CreateChannel", **recorded)["channel"]["arn"] for _ in range(channels)]
        began = perf_counter()
        live = {}
        for minute in range(24 * 60):
            starving = []
            for number, arn in enumerate(arns):
                into = (minute + number) % 120
                if into == 0:
                    live[arn] = sim.streams.start(arn, viewers=10)
                elif arn in live and into == 100:
                    live.pop(arn).end()
                elif arn in live and into == 50:
                    live[arn].starve()
                    starving.append(live[arn])
                elif arn in live and into % 5 == 0:
                    live[arn].set_viewers(into)
            sim.clock.advance(10)
            for stream in starving:
                stream.recover()
            sim.clock.advance(50)
        return perf_counter() - began, len(sim.events)

    def existing(self, region: str) -> set[str]:
        """Ask page by page."""
        pages = self.client(region).get_paginator("list_channels").paginate(PaginationConfig={"PageSize": 100})
        return {channel["arn"] for page in pages for channel in page["channels"]}

    def clear(self) -> None:
        """Reset the emulator."""
        self._sim.reset()

    def lost(self, region: str, made: list[str]) -> int:
        """Return how many channels are not there, or were not logged."""
        unlogged = abs(len(made) - len(self._sim.calls.of("CreateChannel")))
        unlogged += abs(len(made) - len(self._sim.calls.of("GetChannel")))
        return super().lost(region, made) + unlogged

    def _ask(self, sim: Emulator, operation: str, **members: object) -> Any:
        return json.loads(sim.handle(Request("POST", f"/{operation}", {}, json.dumps(members).encode())).body)

    def _create(self, region: str, count: int, every: int) -> list[bytes]:
        headers = {"authorization": f"AWS4-HMAC-SHA256 Credential=bench/20261121/{region}/ivs/aws4_request, "}
        path = f"/{self.operation}"
        handle = self._sim.handle
        bodies = []
        for number in range(count):
            answer = handle(Request("POST", path, headers, b'{"name":"benchmark-%d"}' % number))
            if number % every == 0:
                bodies.append(answer.body)
        return bodies
