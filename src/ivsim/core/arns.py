"""Amazon Resource Names, as far as IVS has them: `arn:aws:service:region:account:type/id`."""

from __future__ import annotations

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


def parse(text: str) -> Arn | None:
    """Return the parts of an ARN, None when the text is not one of IVS's form."""
    parts = text.split(":", 5)
    if len(parts) != 6 or parts[:2] != ["arn", "aws"]:
        return None
    resource_type, slash, resource_id = parts[5].partition("/")
    if not slash or not resource_id:
        return None
    return Arn(parts[2], parts[3], parts[4], resource_type, resource_id)
