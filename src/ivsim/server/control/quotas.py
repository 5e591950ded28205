"""The documented quotas, to read and to change."""

from __future__ import annotations

from ...core.unknown import unknown
from ...emulator import Emulator
from .endpoints import endpoint
from .problems import Problem


@endpoint("GET", "/quotas")
def get_quotas(sim: Emulator) -> dict[str, int]:
    """Return every quota by the name it has on AWS's quota pages."""
    return dict(sim.quotas)


@endpoint("PATCH", "/quotas", example={"Channels": 2})
def set_quotas(sim: Emulator, body: dict[str, int]) -> dict[str, int]:
    """Set some quotas, all of them or none; the others stay."""
    for name, value in body.items():
        if name not in sim.quotas:
            raise Problem(400, unknown("quota", name, sim.quotas), field=name)
        if value < 0:
            raise Problem(400, f"{value} is not 0 or more", field=name)
    sim.quotas.update(body)
    return get_quotas(sim)
