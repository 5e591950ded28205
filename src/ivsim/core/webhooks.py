"""URLs in the place of Lambda functions. A server asks them; here they are only kept."""

from __future__ import annotations

from typing import Any


class Webhooks(dict[str, str]):
    """URLs by the ARN of the function. Plain text, so that a file keeps them, which it does not for functions."""

    def snapshot(self) -> Any:
        """Return what `restore()` needs to have the webhooks as they are now."""
        return dict(self)

    def restore(self, state: Any) -> None:
        """Have the webhooks as they were when the snapshot was taken."""
        self.clear()
        self.update(state)
