"""The media of all clients together: one for each purpose, found by it, and let go of once."""

from __future__ import annotations

import asyncio
from typing import Any

from ivsim import Emulator
from ivsim.server.stages.handles import Handles

from .conftest import Stage


class Media:
    """A client's media, which end when the test lets them."""

    def __init__(self, participant: Any, remote_id: str = "") -> None:
        self.participant, self.remote_id = participant, remote_id
        self.key = participant.stage_arn, participant.participant_id, remote_id
        self.may_end = asyncio.Event()
        self.looked = 0
        self.has_ended = False

    def when_over(self, over: Any) -> None:
        """Note who is to be told of the end."""
        self.finish = over

    def look(self) -> None:
        """Note that it was looked at."""
        self.looked += 1

    async def go_on(self, *, reports: bool) -> None:
        """Do nothing."""

    async def end(self) -> None:
        """End, after a while."""
        self.has_ended = True
        await self.may_end.wait()


class Shelf:
    """Handles, and what they tell."""

    def __init__(self, sim: Emulator) -> None:
        self.ended: list[Any] = []
        self.all = Handles(sim.stages, self.ended.append, lambda: None)

    def add(self, media: Any) -> str:
        """Add media that may end at once."""
        media.may_end.set()
        return self.all.add(media)


def test_one_for_each_purpose(sim: Emulator, stage: Stage) -> None:
    """Of several that come at once for the same, one is there in the end, which took the place of all the others."""
    ada = sim.stages.join(stage.token("ada"))

    async def come() -> None:
        shelf = Shelf(sim)
        first, others = Media(ada), [Media(ada) for _ in range(3)]
        shelf.all.add(first)  # type: ignore[arg-type]

        async def take_its_place(media: Any) -> None:
            await shelf.all.make_way(media.key)
            shelf.add(media)

        coming = [asyncio.ensure_future(take_its_place(each)) for each in others]
        await asyncio.sleep(0)
        first.may_end.set()
        await asyncio.gather(*coming)
        (left,) = shelf.all
        assert [each.has_ended for each in (first, *others)].count(False) == 1
        assert shelf.all.of(left.key) is left
        assert shelf.ended == []
        await shelf.all.aclose()
        assert shelf.ended == [left]

    asyncio.run(come())


def test_held(sim: Emulator, stage: Stage) -> None:
    """A participant has media as long as one of its connections is there, and the stages know."""
    ada = sim.stages.join(stage.token("ada"), protocol="WHIP")

    async def come() -> None:
        shelf = Shelf(sim)
        ids = [shelf.add(Media(ada, remote_id)) for remote_id in ("", "bob")]
        assert (shelf.all.has_any_of(ada.key), sim.stages.is_held(ada)) == (True, True)
        await shelf.all.end(ids[0])
        await shelf.all.end(ids[0])
        assert (shelf.all.has_any_of(ada.key), sim.stages.is_held(ada)) == (True, True)
        assert not shelf.all.was(ids[0])
        await shelf.all.end(ids[1])
        assert (shelf.all.has_any_of(ada.key), sim.stages.is_held(ada)) == (False, False)
        assert len(shelf.ended) == 2
        await shelf.all.aclose()

    asyncio.run(come())


def test_over(sim: Emulator, stage: Stage) -> None:
    """What says twice that it is over ends once; that it was there is known once."""
    ada = sim.stages.join(stage.token("ada"))

    async def come() -> None:
        shelf = Shelf(sim)
        media = Media(ada)
        id_ = shelf.add(media)
        media.finish()
        media.finish()
        await shelf.all.aclose()
        assert shelf.ended == [media]
        assert [shelf.all.was(id_) for _ in range(2)] == [True, False]
        assert shelf.all.get(id_) is None

    asyncio.run(come())
