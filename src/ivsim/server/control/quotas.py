"""The documented quotas, to read and to change."""

from __future__ import annotations

from ...emulator import Emulator
from .endpoints import endpoint


@endpoint("GET", "/quotas")
def get_quotas(sim: Emulator) -> dict[str, int]:
    """Return every quota by the name it has on AWS's quota pages."""
    return dict(sim.quotas)


@endpoint("PATCH", "/quotas", example={"Channels": 2})
def set_quotas(sim: Emulator, body: dict[str, int]) -> dict[str, int]:
    """Set some quotas, all of them or none; the others stay."""
    sim.quotas.update(body)
    return get_quotas(sim)
