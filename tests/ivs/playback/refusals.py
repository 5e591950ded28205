"""How the playback edge refuses."""

from __future__ import annotations

import json

from ivsim import PlaybackResponse


def code(answer: PlaybackResponse) -> tuple[int, str]:
    """Return status and error code of a refusal."""
    assert answer.viewer_session is None
    [refusal] = json.loads(answer.body)
    return answer.status, refusal["error_code"]


NOT_FOUND = (404, "transcode_does_not_exist")


RESTRICTED = (403, "playback_restricted")


NOT_AUTHORIZED = (403, "invalid_playback_auth_token")
