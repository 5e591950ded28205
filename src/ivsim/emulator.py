"""The emulator: clock, ids, events, faults, quotas, stores and services in one object that users hold."""

from __future__ import annotations

import inspect
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from . import ivs, ivschat, ivsrealtime, overview
from .bus import AwsBus
from .core.calls import Calls
from .core.clock import Clock, Task
from .core.deliveries import Courier, Delivery
from .core.events import Events
from .core.faults import Faults
from .core.hints import Hints
from .core.options import GivenOptions, Options, check_names
from .core.quotas import Quotas
from .core.state import State
from .courier import courier
from .dispatcher import Dispatcher
from .ivs.broadcaster import Broadcaster
from .ivs.live_streams import Streams
from .ivs.playback.edge import Playback
from .ivs.playback.urls import is_playback
from .ivs.recording import recordings as channel_recordings
from .ivschat.chat import Chat
from .ivsrealtime.live_stages import Stages
from .ivsrealtime.recording import recordings as stage_recordings
from .recordings.recordings import Recordings
from .services import SERVICES
from .wire.http import Request, Response, WholeResponse

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .ivs.ingest.pushes import PushedMedia
    from .recordings.pushed import Tape
    from .server.run import Server


class Emulator:
    """Amazon IVS, IVS Chat and IVS Real-Time in memory.

    HTTP requests come in by `handle()`; two emulators share nothing. Its options are those of
    `ivsim.core.options.Options`, where each is explained. Raises ValueError and TypeError as that does, and for a quota
    that is no number of things; KeyError for a quota that does not exist.
    """

    __signature__ = inspect.signature(Options)

    def __init__(self, **options: Unpack[GivenOptions]) -> None:
        check_names(options, "Emulator")
        chosen = Options(**options)
        self._state = State(
            chosen,
            SERVICES.names,
            perform=self._perform,
            courier=courier() if chosen.deliver else None,
            bus=AwsBus(chosen.account_id) if chosen.deliver else None,
        )
        self._state.quotas.update(chosen.quotas or {})
        self._dispatcher = Dispatcher(self._state)
        self._playback = Playback(self._state, self._dispatcher.contexts(ivs.service))
        self._streams = Streams(self._state, self._dispatcher.contexts(ivs.service))
        self._state.broadcaster = self._broadcaster = Broadcaster(self._dispatcher.contexts(ivs.service))
        self._recordings = Recordings(
            self._state,
            channel_recordings.source(self._dispatcher.contexts(ivs.service)),
            stage_recordings.source(self._dispatcher.contexts(ivsrealtime.service)),
        )
        self._chat = Chat(self._state, self._dispatcher.contexts(ivschat.service))
        self._stages = Stages(self._state, self._dispatcher.contexts(ivsrealtime.service))

    def _perform(self, task: Task) -> None:  # the state needs it, and is made before the dispatcher
        self._dispatcher.perform(task)

    @property
    def account_id(self) -> str:
        """The account of calls that do not name another."""
        return self._state.options.account_id

    @property
    def region(self) -> str:
        """The region of calls that do not name another."""
        return self._state.options.region

    @property
    def streams(self) -> Streams:
        """Encoders: `sim.streams.start(channel_arn)` takes a channel live."""
        return self._streams

    @property
    def recordings(self) -> Recordings:
        """Recordings of channels, participants and compositions, finished ones and those under way."""
        return self._recordings

    @property
    def chat(self) -> Chat:
        """Chat rooms from the inside: `sim.chat.connect(token)` joins one."""
        return self._chat

    @property
    def stages(self) -> Stages:
        """Stages from the inside: `sim.stages.join(token)` puts somebody on one."""
        return self._stages

    @property
    def playback(self) -> Playback:
        """Viewers: `sim.playback.request(channel_arn)` gets what a player would get."""
        return self._playback

    @property
    def events(self) -> Events:
        """Every EventBridge event so far."""
        self._state.clock.run_due()
        return self._state.events

    @property
    def calls(self) -> Calls:
        """Every API call so far."""
        return self._state.calls

    @property
    def hints(self) -> Hints:
        """Mistakes that work here and bite at AWS, such as a token's `exp` in milliseconds; each is told once."""
        return self._state.hints

    @property
    def clock(self) -> Clock:
        """The time, to read, stop and move."""
        return self._state.clock

    @property
    def faults(self) -> Faults:
        """Errors and delays on demand."""
        return self._state.faults

    @property
    def quotas(self) -> Quotas:
        """The documented quotas, to read and change."""
        return self._state.quotas

    def handle(self, request: Request) -> WholeResponse:
        """Answer an HTTP request as the services would, body and all: for every door in process.

        Refusals are answers too. An exception is a bug of ivsim's; the state is then as before the call.
        """
        return self.respond(request).whole()

    def respond(self, request: Request) -> Response:
        """Answer as `handle()` does, but do not make bodies that take long: for servers, which make them aside.

        The body may then be a recipe, or an iterable of parts that are waited for.
        """
        if is_playback(request.url):
            return self._playback.handle(request)
        return self._dispatcher.dispatch(request)

    def serve(
        self,
        port: int = 0,
        *,
        host: str = "127.0.0.1",
        aws_urls: bool = False,
        rtmp_port: int | None = None,
        rtmps_port: int | None = None,
        https_port: int | None = None,
        tls_cert: str | os.PathLike[str] | None = None,
        tls_key: str | os.PathLike[str] | None = None,
        insecure_ingest: bool = True,
        recordings: str | os.PathLike[str] | None = None,
        rules: str | os.PathLike[str] | Sequence[Mapping[str, Any]] = (),
        event_weather: int | str | None = None,
        allow_hosts: Iterable[str] = (),
    ) -> Server:
        """Put it on a port, for clients of any language, until `close()` or the end of a `with` block.

        Needs `ivsim[server]`. What is on the port is this emulator: both ways in see the same. There is no
        authentication, so whoever reaches an address other than loopback can do everything.

        - `port`, `host`: where it listens; 0 takes any port that is free, here as below. `server.url` is the endpoint
          for AWS SDKs, `server.chat_url` that of the chat SDK.
        - `aws_urls`: True to leave playback URLs, and the addresses in `endpoints` and tokens of stages, as AWS has
          them. Otherwise they are the server's own, so that players and pages find it.
        - `rtmp_port`: the port to which encoders push, by `server.rtmp_url`; None for none.
        - `rtmps_port`, `https_port`: the ports for encoders (`server.rtmps_url`) and for browsers that broadcast
          (`server.https_url`) inside TLS, with the files of a certificate and its key, `tls_cert` and `tls_key`.
        - `insecure_ingest`: False to take RTMP only on channels whose `insecureIngest` is true.
        - `recordings`: a folder to which recordings are written as `{bucket}/{key}`, those of pushes and of people with
          what was sent.
        - `rules`: a list of rules, or a JSON file with one, whose targets get events; `server.rules` tells what
          arrived.
        - `event_weather`: a seed, by which some events are lost, late and more until `close()`, as with the option of
          that name.
        - `allow_hosts`: names by which console and control endpoints answer, beside local ones.

        Raises OSError for a port that is taken and an address that is not this machine's, and for a file of rules that
        cannot be read; ValueError for a number that is no port, a certificate that cannot be used, a rule that is
        wrong, and a host that is no name; TypeError for hosts that are a text and no list, and a weather that is no
        seed.
        """
        from .server.run import Server  # noqa: PLC0415 - an optional part, which looks back at this class

        server = Server(
            self,
            host=host,
            port=port,
            aws_urls=aws_urls,
            rtmp_port=rtmp_port,
            rtmps_port=rtmps_port,
            https_port=https_port,
            tls_cert=tls_cert,
            tls_key=tls_key,
            insecure_ingest=insecure_ingest,
            recordings=recordings,
            rules=rules,
            event_weather=event_weather,
            allow_hosts=allow_hosts,
        )
        server.start()
        return server

    def reset(self) -> None:
        """Empty it: resources, streams, events, calls, faults, connections.

        Clock, quotas, subscriptions and review handlers stay as set.
        """
        self._state.reset()

    def on_replaced(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Call a function whenever everything in the emulator is replaced: by `reset()`, `load()` and their like.

        Returns a function that ends that. The callback is called inside the transaction, by whatever thread, so it
        should only take a note.
        """
        return self._state.watch(lambda key: None if key else callback())

    def deliver_aside(self, make: Callable[[Delivery], object]) -> Callable[[], None]:
        """Have deliveries to other services that this thread would make made by `make`, in a thread that may wait.

        That is for event loops. Returns what ends it.
        """
        return self._state.deliveries.aside(make)

    @property
    def courier(self) -> Courier | None:
        """Who carries what goes to other services; None where nobody does."""
        return self._state.courier

    def deliver_to(self, courier: Courier) -> Callable[[], None]:
        """Have a courier carry what goes to other services, in the place of who did; return what ends that."""
        return self._state.couriers.add(courier)

    def compose_by(self, compose: Callable[[str], PushedMedia]) -> Callable[[], None]:
        """Have compositions of real people composed by `compose`; return what ends that.

        It is called in a transaction, with the id of a stream that has begun, and returns media that are to come. Of
        several, as with two servers, the last that is left does it.
        """
        return self._broadcaster.composers.add(compose)

    def record_by(self, record: Callable[[str], Tape]) -> Callable[[], None]:
        """Have what participants with clients of their own send recorded by `record`; return what ends that.

        It is called in a transaction, with the id of a recording that has begun, and returns the tape, empty as yet.
        `Stages.recorded()` tells what is wanted on it. Only what somebody carries to a bucket is recorded in that way.
        Of several, as with two servers, the last that is left does it.
        """
        return self._state.recorders.add(record)

    def overview(self) -> dict[str, list[dict[str, Any]]]:
        """Return every resource of every account and region, by kind ("channels"), as its Get operation shows it.

        Each also has `accountId` and `region`; a channel has `streamKeys`, `stream`, `streamSessions` and
        `viewerSessions`, a room the `userIds` connected to it, a stage `participants` and `stageSessions`. That is no
        call: nothing is recorded, nothing fails.
        """
        with self._state.transaction():
            return overview.overview(*((each, self._dispatcher.contexts(each)) for each in SERVICES.values()))

    @property
    def overview_version(self) -> object:
        """An ETag for `overview()`: a value that changes whenever that could, and that no other emulator has.

        Calls that only read leave it as it is.
        """
        with self._state.transaction():
            return self._mark, self._state.resources_version

    @cached_property
    def _mark(self) -> str:
        return secrets.token_hex(16)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write what is in it to a JSON file: resources, streams, events, calls, faults, quotas, clock, random state.

        The options it was made with stay out, and so do subscriptions. A file that is there is replaced as a whole.
        Raises ValueError, and writes nothing, for a fault whose `when` is not plain JSON; OSError as writing does.
        """
        from .core import archive  # noqa: PLC0415 - nobody who saves nothing waits for msgspec

        archive.save(self._state, path)

    def load(self, path: str | os.PathLike[str]) -> None:
        """Bring back what was saved, in the place of what is there; it goes on as the emulator that saved would have.

        Options and subscriptions stay as they are. Raises UnreadableState, and changes nothing, for a file that is
        damaged, of something else or of a newer format; OSError as reading does.
        """
        from .core import archive  # noqa: PLC0415 - as in save()

        archive.load(self._state, SERVICES, path)

    @property
    def version(self) -> object:
        """A value that changes whenever the file that `save()` writes would."""
        return self._state.version

    def saved(self) -> Iterator[bytes]:
        """Return the emulator's state as `save()` would write it, but on one line and in pieces.

        They are made as they are asked for, by whatever thread, and others have their turn in between. Asking for the
        first of them raises ValueError as `save()` does.
        """
        from .core import archive  # noqa: PLC0415 - as in save()

        return archive.encode(archive.take_snapshot(self._state))

    def dumps(self) -> bytes:
        """Return what `save()` would write, but on one line. Raises ValueError as it does."""
        from .core import archive  # noqa: PLC0415 - as in save()

        return archive.dumps(self._state)

    def loads(self, saved: bytes) -> None:
        """Bring back what `dumps()` returned, or a file contains. Raises UnreadableState as `load()` does."""
        from .core import archive  # noqa: PLC0415 - as in save()

        archive.loads(self._state, SERVICES, saved, "the state")

    @contextmanager
    def isolated(self) -> Iterator[None]:
        """Take back at the end of the block what happened inside: resources, events, calls, faults, quotas, time.

        A mistake that was told of inside, in `hints`, is told of again afterwards.

        Who left a chat room through a server's port inside is gone afterwards too.
        """
        with self._state.journal:  # whoever leaves a chat room now is gone before both, or after both
            before, chat_before = self._state.snapshot(), self._chat.snapshot()
            hints_before = self.hints.snapshot()  # apart, because a state's snapshot is what a file keeps
        try:
            yield
        finally:
            with self._state.journal:
                self._state.restore(before)
                self.hints.restore(hints_before)
            self._chat.restore(chat_before)
