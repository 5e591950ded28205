"""Amazon Resource Names, as far as IVS has them: `arn:aws:service:region:account:type/id`."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import NamedTuple


class Arn(NamedTuple):
    """An ARN in its parts."""

    service: str
    region: str
    account: str
    resource_type: str
    resource_id: str

    def __str__(self) -> str:
        return f"arn:aws:{self.service}:{self.region}:{self.account}:{self.resource_type}/{self.resource_id}"


_FORM = re.compile(r"arn:aws:([a-z0-9-]+):([a-z0-9-]+):([0-9]{12}):([a-z-]+)/([a-zA-Z0-9-]+)")


_LONGEST_REMEMBERED = 256
"""The longest text that is remembered with its parts; no ARN of a service's is longer."""


def parse(text: str) -> Arn | None:
    """Return the parts of an ARN, None when the text is not one of IVS's form."""
    return (_parsed if len(text) <= _LONGEST_REMEMBERED else _parsed.__wrapped__)(text)


@lru_cache(maxsize=1024)
def host_id(account: str, region: str) -> str:
    """Return the first label of the hosts at which what an account has in a region is reached.

    How AWS derives it is not known, only that channels of an account and region share it.
    """
    return hashlib.sha256(f"{account}{region}".encode()).hexdigest()[:12]


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Arn | None:
    match = _FORM.fullmatch(text)
    return Arn(*match.groups()) if match else None
