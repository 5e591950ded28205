"""Who goes on the tour, and what its chapters have in common."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ..cleaning import TAG

NAME = "ivsim-record"

TRIES = 60
"""Times to look, a second apart, whether what was made has settled."""


class Tour:
    """A client for each service, and ways to call them.

    `unrecorded()` is a context in which calls are not recorded.
    """

    def __init__(
        self,
        client: Callable[[str], Any],
        *,
        bucket: str = "",
        pause: Callable[[float], object] = time.sleep,
        unrecorded: Callable[[], Any],
    ) -> None:
        self.ivs = client("ivs")
        self.ivschat = client("ivschat")
        self.realtime = client("ivs-realtime")
        self.bucket = bucket
        self.region: str = self.ivs.meta.region_name
        self.tags = {TAG: "tour"}
        self._pause = pause
        self._unrecorded = unrecorded

    def refused(self, call: Callable[..., Any], **members: Any) -> None:
        """Call what AWS is expected to refuse; what it really does is what the recording is for."""
        with suppress(ClientError):
            call(**members)

    def unknown(self, kind: str, service: str = "ivs") -> str:
        """Return the ARN of something that does not exist, in an account that is not the reader's."""
        return f"arn:aws:{service}:{self.region}:123456789012:{kind}/AbCdEf123456"

    def gone(self, arn: str) -> str:
        """Return an ARN of the reader's account that nothing has: one with another id."""
        return arn.rpartition("/")[0] + "/AbCdEf123456"

    def settle(self, get: Callable[..., Any], **members: Any) -> None:
        """Wait until what was made is no longer on its way to a state. How often that takes is not recorded."""
        for _ in range(TRIES):
            with self._unrecorded():
                resource = get(**members)
            states = [each["state"] for each in (resource, *resource.values()) if "state" in _members(each)]
            if not any(state.endswith("ING") for state in states):
                return
            self._pause(1)

    def pages(self, call: Callable[..., Any], **members: Any) -> None:
        """List one by one, two pages of it, and then with a token that is none."""
        first = call(maxResults=1, **members)
        if first.get("nextToken"):
            call(maxResults=1, nextToken=first["nextToken"], **members)
        self.refused(call, nextToken="wrong", **members)
        self.refused(call, maxResults=1_000_000, **members)

    def public_key(self) -> str:
        """Return a new public key, in PEM, whose private half is gone."""
        key = ec.generate_private_key(ec.SECP384R1()).public_key()
        return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def keys(
        self,
        make: Callable[..., Any],
        member: str,
        get: Callable[..., Any],
        listed: Callable[..., Any],
        delete: Callable[..., Any],
    ) -> None:
        """Import a key, which is a member of the answer, import it again, and wrong ones; then delete it."""
        material = self.public_key()
        arn = make(publicKeyMaterial=material, name=NAME, tags=self.tags)[member]["arn"]
        get(arn=arn)
        listed()
        self.refused(listed, nextToken="wrong")
        self.refused(make, publicKeyMaterial=material)
        for wrong in "nonsense", "", material.replace("M", "A"):
            self.refused(make, publicKeyMaterial=wrong)
        delete(arn=arn)
        self.refused(get, arn=arn)
        self.refused(delete, arn=arn)

    def tag(self, client: Any, arn: str) -> None:
        """Change the tags of a resource, and do what may not be done with them."""
        client.tag_resource(resourceArn=arn, tags={"a": "1", "b": ""})
        client.list_tags_for_resource(resourceArn=arn)
        client.untag_resource(resourceArn=arn, tagKeys=["a", "never there"])
        client.list_tags_for_resource(resourceArn=arn)
        self.refused(client.tag_resource, resourceArn=arn, tags={f"k{number}": "" for number in range(51)})
        self.refused(client.tag_resource, resourceArn=arn, tags={"aws:reserved": "x"})
        self.refused(client.tag_resource, resourceArn=arn, tags={"&": "x"})
        for unknown in self.gone(arn), arn.partition("/")[0] + "x/AbCdEf123456", "nonsense":
            self.refused(client.list_tags_for_resource, resourceArn=unknown)


def _members(value: Any) -> Any:
    return value if isinstance(value, dict) else {}
