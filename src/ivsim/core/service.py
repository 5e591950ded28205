"""A service: its operations, quotas and stores; and the context that its functions work with."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property, partial
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from ..wire import model
from ..wire.errors import MemberRefused, ServiceError, ServiceQuotaExceededException
from ..wire.serialize import TimeFormat, iso8601
from ..wire.validate import Problem
from . import paging
from .clock import Task
from .deliveries import Parcel
from .faults import Fault
from .journal import Journal
from .names import wire_name
from .paging import Page
from .state import State
from .stores import Store, Table

S = TypeVar("S", bound=Store)
F = TypeVar("F", bound=Callable[..., Any])


class Context(Generic[S]):
    """The place of a call: one account and region of one service, with the emulator's parts at hand."""

    def __init__(self, service: Service[S], account: str, region: str, state: State) -> None:
        self.service = service
        self.account = account
        self.region = region
        self.store: S = state.stores.get(service.name, account, region, service.make_store)
        self.ids = state.ids
        self.clock = state.clock
        self.touch = state.touch
        self.hints = state.hints
        self.broadcaster = state.broadcaster
        self.strict = state.options.strict
        """True when constraints and references are checked."""
        self.records_pictures = state.options.deliver is not True  # as making them takes long
        self._state = state
        self._arns = f"arn:aws:{service.namespace}:{region}:{account}:"

    @property
    def now(self) -> datetime:
        """The time of the call."""
        return self.clock.now()

    @property
    def delivers(self) -> bool:
        """True when somebody carries parcels to other services."""
        return self._state.courier is not None

    @property
    def recorder(self) -> Callable[[str], Any] | None:
        """Who records what people send: told the id of a recording, it returns the tape; None where nobody does."""
        return self._state.recorders.one

    def fetch(self, bucket: str, key: str) -> bytes:
        """Return an object that was delivered. Raises KeyError where there is none, or nobody to bring it."""
        if self._state.courier is None:
            raise KeyError(key)
        return self._state.courier.fetch(self.region, bucket, key)

    def arn(self, resource_type: str, resource_id: str) -> str:
        """Return the ARN of something of this service, account and region."""
        return f"{self._arns}{resource_type}/{resource_id}"

    def new_arn(self, table: Table[Any]) -> str:
        """Return the ARN of something new; ids have 12 letters and digits."""
        return self.arn(table.resource_type, self.ids.alphanumeric(12))

    def check(self, holds: object, member: str, rule: str) -> None:
        """Refuse the request unless a rule of `member` (its Python name, dotted when nested) holds."""
        if not holds and self.strict:
            raise MemberRefused(member, rule)

    def check_exists(self, table: Table[Any], *arns: str) -> None:
        """Refuse the request when it refers to something that does not exist."""
        if self.strict:
            for arn in arns:
                table[arn]

    def check_quota(self, name: str, used: int, table: Table[Any]) -> None:
        """Refuse the request when a quota of this account and region has no room for one more."""
        limit = self._state.quotas[name]
        if used >= limit:
            resource = self.arn(table.resource_type, self.account)  # what it would have been has no id
            raise ServiceQuotaExceededException(
                f"Quota exceeded: {name}, limit: {limit}", resource=resource, limit=limit
            )

    def check_length(self, member: str, given: Collection[Any], quota: str) -> None:
        """Refuse the request when a list has more items than a quota allows."""
        most = self._state.quotas[quota]
        self.check(len(given) <= most, member, f"Member must have length less than or equal to {most}")

    def admit(self, action: str, rates: Mapping[str, int]) -> bool:
        """Count an action of resources with a rate each; return whether each had a share left this second."""
        return self._state.rates.admit(f"{self.service.name}:{action}", rates, self.region)

    def page(
        self,
        table: Table[Any],
        size: int,
        token: str | None,
        *,
        where: Callable[[Any], bool] | None = None,
        filters: Hashable = None,
        among: Sequence[str] | None = None,
        newest_first: bool = False,
    ) -> Page:
        """Return a page of a table. `filters` are the request's, which its token is good for alone."""
        return paging.page(
            table,
            secret=self.ids.secret,
            purpose=repr((self.service.name, self.account, self.region, table.resource_type, filters)),
            size=max(size, 1),
            token=token,
            where=where,
            among=among,
            newest_first=newest_first,
        )

    def soon(self, seconds: float, task: Callable[..., None], *arguments: Any, incident: str = "") -> None:
        """Have the service do something on its own: now, or after `seconds` when transitions are realistic.

        `task` is a function marked with `@service.task`, called with this context and the arguments. It takes as long
        as a test wants the `incident` to take, where one does.
        """
        delay = self.delay(incident) if incident else 0
        if delay:
            self.later(delay, task, *arguments)
        elif not seconds or self._state.options.transitions == "immediate":
            task(self, *arguments)
        else:
            self.later(seconds, task, *arguments)

    def later(self, seconds: float, task: Callable[..., None], *arguments: Any) -> None:
        """Have the service do something on its own after `seconds`; see `soon()`."""
        self.clock.after(seconds, self.task(task, arguments))

    def settle(
        self, table: Table[Any], key: str, seconds: float, state: str, *, incident: str = "", **changes: object
    ) -> None:
        """Let a record reach its settled state, which the next read shows, or one in `seconds`; see `soon()`.

        Where a test wants the `incident` to happen, nothing of it changes but its state, which is the error's code.
        """
        changes["state"] = state
        self.soon(seconds, _change, table.resource_type, key, changes, incident, incident=incident)

    def task(self, function: Callable[..., None], arguments: tuple[Any, ...]) -> Task:
        """Return a task for others to have done; see `soon()`."""
        assert self.service.tasks.get(function.__name__) is function, f"{function} is not marked with @service.task"
        return Task(self.service.name, self.account, self.region, function.__name__, arguments)

    def deliver(self, parcels: Iterable[Parcel], then: Callable[..., None], *arguments: Any) -> None:
        """Have parcels carried to other services of the region, and then a task done with the outcome.

        The task gets the arguments, and the error code of the first parcel that was not taken, None when all were.
        Where nobody carries parcels, it gets None at once. `parcels` may make them as they are carried. The task is
        dropped when the emulator is reset in the meantime.
        """
        state, task, at = self._state, self.task(then, arguments), self.clock.microseconds()
        courier, generation = state.courier, state.generation
        if courier is None:
            then(self, *arguments, None)
            return

        def carry() -> None:
            if state.generation != generation:
                return
            error = courier(self.region, parcels)
            with state.journal:
                if state.generation == generation:
                    with self.clock.acting(max(at, state.events.latest)):  # a subscriber may have moved the clock
                        self.clock.perform(task._replace(arguments=(*arguments, error)))

        state.journal.afterwards(partial(state.deliveries.hand_over, carry))

    def strike(self, incident: str, **about: str) -> Fault | None:
        """Return the fault that a test wants to happen here and now, if there is one; see `Service.incident()`."""
        params = {wire_name(name): value for name, value in about.items()}
        return self._state.faults.take_fault(f"{self.service.name}:{incident}", params)

    def delay(self, incident: str) -> float:
        """Return the seconds that a test wants something to take."""
        return self._state.faults.delay(f"{self.service.name}:{incident}")

    def quota(self, name: str) -> int:
        """Return the value of a quota."""
        return self._state.quotas[name]

    def hint_at_cut(self, operation: str, page: Page, max_results: int | None) -> None:
        """Add a hint that the small default page size has cut the answer of a list operation, by its Python name."""
        if max_results is None and page.next_token is not None:
            name = self.service.model.by_python_name[operation].name
            text = f"{name} was called without maxResults, and a page has {len(page.items)} then; there are more"
            self.hints.tell_of_mistake("calls", ("cut", name), text)

    def look(self, operation: str, **arguments: object) -> Any:
        """Return what an operation that only reads would answer, as JSON, without faults, rates or a call on record.

        Operation and parameters have Python names. An answer of one member is that member; a refusal is None.
        """
        serialize = self.service.model.by_python_name[operation].serialize
        try:
            body = serialize(self.service.handlers[operation].function(self, **arguments))
        except ServiceError:
            return None
        answer: dict[str, Any] = json.loads(body)
        return next(iter(answer.values())) if len(answer) == 1 else answer

    def emit(self, detail_type: str, resources: list[str], detail: Mapping[str, Any]) -> None:
        """Record an EventBridge event of this account and region, and have it arrive, as the weather is."""
        event = self._state.events.emit(
            detail_type, self.service.source, self.account, self.region, self.clock.microseconds(), resources, detail
        )
        self._state.send(event, lambda delay, late: self.later(delay, _arrive, late))


class Contexts(Generic[S]):
    """The contexts of a service, one for each account and region; to go through those in which it has anything."""

    def __init__(self, service: Service[S], state: State) -> None:
        self._service = service
        self._state = state
        self._made: dict[tuple[str, str], Context[S]] = {}

    def __call__(self, account: str, region: str) -> Context[S]:
        """Return the context of an account and region, which is made on first use."""
        context = self._made.get((account, region))
        if context is None:
            context = self._made[account, region] = Context(self._service, account, region, self._state)
        return context

    def drop_new(self) -> None:
        """Forget accounts and regions that were only ever asked about."""
        for context in list(self):
            if context.store.is_new:
                place = context.account, context.region
                del self._made[place]
                self._state.stores.drop(self._service.name, *place)

    def __iter__(self) -> Iterator[Context[S]]:
        return (self(account, region) for account, region in self._state.stores.places(self._service.name))


def _change(ctx: Context[Any], resource_type: str, key: str, changes: dict[str, Any], incident: str = "") -> None:
    table = ctx.store.tables[resource_type]
    if key in table:
        record = table[key]
        fault = ctx.strike(incident, arn=key, name=getattr(record, "name", "") or "") if incident else None
        table.become(key, **({"state": fault.error_code} if fault else changes))


def _arrive(ctx: Context[Any], event: dict[str, Any]) -> None:
    ctx._state.send_late(event)


About: TypeAlias = Callable[[Context[Any]], Callable[[Any], Mapping[str, object]]]
"""A function of a context; it returns a function from a record of that place to further members."""


class Incident(NamedTuple):
    """An incident: something that can fail without a call, the ways in which it fails, and what is told about it."""

    errors: tuple[str, ...]
    about: tuple[str, ...]


class Handler(NamedTuple):
    """The function behind an operation, and how often a second AWS lets it be called.

    `rate` is the account's, `rates` those of what a member names.
    """

    function: Callable[..., Any]
    rate: int
    rates: Mapping[str, int]
    parameters: frozenset[str]


class Service(Generic[S]):
    """One AWS service: `@service.operation` puts a function behind each operation it emulates.

    A service has three names. `name` is botocore's, and that of its calls and faults ("ivs-realtime"); `namespace` is
    what it signs with and has in its ARNs ("ivs", which two services share); `source` is that of its events
    ("aws.ivs"). Failing others, the namespace is the name, and the source the namespace after "aws.".

    `problem_text` is how the service words a validation error, `time_format` to what it cuts its timestamps.
    """

    def __init__(
        self,
        name: str,
        make_store: Callable[[Journal], S],
        *,
        namespace: str = "",
        source: str = "",
        time_format: TimeFormat,
        problem_text: Callable[[Iterable[Problem]], str],
    ) -> None:
        self.name = name
        self.namespace = namespace or name
        self.source = source or f"aws.{self.namespace}"
        self.make_store = make_store
        self.problem_text = problem_text
        self.handlers: dict[str, Handler] = {}
        self.tasks: dict[str, Callable[..., None]] = {}
        self.incidents: dict[str, Incident] = {}
        self.detail_types: list[str] = []
        self.abouts: dict[str, About] = {}
        self.forget: Callable[[Context[S], int], None] = lambda _ctx, _most: None
        self.task(_change)
        self.task(_arrive)
        self.quotas: dict[str, int] = {}
        self._time_format = time_format

    @cached_property
    def model(self) -> model.Model:
        """The service as the installed botocore describes it."""
        return model.load(self.name, self._time_format)

    def operation(
        self, *, rate: int, rates: Mapping[str, int] | None = None, settings: type[Any] | None = None
    ) -> Callable[[F], F]:
        """Put a function behind the operation of the same name. `rate` is its documented quota of calls per second.

        `rates` has those for each channel, say, by the member that names it.

        It is called with the context and the input's members under their Python names, valid as far as the model can
        tell. It returns a record, or a dict of output members, or None. What it has no parameter for is refused by
        name; one that takes `**settings` says by a TypedDict which they are.
        """

        def register(function: F) -> F:
            parameters = {*inspect.signature(function).parameters, *getattr(settings, "__annotations__", ())}
            self.handlers[function.__name__] = Handler(function, rate, rates or {}, frozenset(parameters))
            return function

        return register

    def task(self, function: F) -> F:
        """Mark a function as something the service does on its own, so that a clock can keep it, by name, for later.

        It is called with the context and the arguments it was asked for with; those must be plain data.
        """
        assert function.__name__ not in self.tasks, f"there are two tasks {function.__name__}"
        self.tasks[function.__name__] = function
        return function

    def forgetting(self, function: Callable[[Context[S], int], None]) -> Callable[[Context[S], int], None]:
        """Mark the function that drops what only accumulates in a place, all but the newest so many of each kind.

        It is called in a transaction that nothing else is in.
        """
        self.forget = function
        return function

    def overview(self, resource_type: str) -> Callable[[About], About]:
        """Mark the function that says more of resources of a type than their Get operation, for `sim.overview()`.

        It is called with the context, and returns a function from a record to further members, by their Python names.
        """

        def register(function: About) -> About:
            self.abouts[resource_type] = function
            return function

        return register

    def incident(self, name: str, *errors: str, about: tuple[str, ...]) -> str:
        """Declare something in the service's own life that a test may let fail, and how; return its name.

        `about` are the names, in Python's spelling, of what `Context.strike()` tells about it; tests use the wire's.
        """
        self.incidents[name] = Incident(errors, tuple(map(wire_name, about)))
        return name

    def detail_type(self, name: str) -> str:
        """Declare a kind of events that the service sends to EventBridge; return its name."""
        self.detail_types.append(name)
        return name

    def time_text(self, moment: datetime) -> str:
        """Return a time as this service writes it."""
        return iso8601(moment, self._time_format)

    def quota(self, name: str, value: int) -> str:
        """Declare a documented quota, and return its name."""
        self.quotas[name] = value
        return name
