"""Nothing secret is left in what is recorded, and what belongs together still does."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tools.record.recorder import Call
from tools.record.redaction import Redactor, jwt_parts
from tools.record.run import Run

from .conftest import ACCOUNT, BUCKET

KNOWN = {ACCOUNT: "111122223333", BUCKET: "amzn-s3-demo-bucket"}


def call(operation: str, answer: Any = None, *, service: str = "ivs", error: str = "", **parameters: Any) -> Call:
    return Call(
        scenario="one",
        service=service,
        operation=operation,
        parameters=parameters,
        status=400 if error else 200,
        error=error,
        answer=answer or {},
    )


def redacted(*calls: Call, known: dict[str, str] | None = None) -> list[Call]:
    return Redactor({} if known is None else known, b"key").redacted(calls)


def secrets_in(value: Any, name: str = "") -> set[str]:
    """Return what is secret by the name of its member, and what is an account's own, the redaction's rules aside."""
    if isinstance(value, dict):
        return {secret for key, item in value.items() for secret in secrets_in(item, key)}
    if isinstance(value, list):
        return {secret for item in value for secret in secrets_in(item, name)}
    if not isinstance(value, str) or not value:
        return set()
    found = set(re.findall(r"\w{12,}(?=\.[\w.-]*live-video\.net)", value))
    if name in ("passphrase", "nextToken", "token", "streamKey"):
        found.add(value)
    if name == "token" and value.startswith("ey"):
        found.update(value.split(".")[1:])
    if value.startswith("sk_"):
        found.add(value.rpartition("_")[2])
    return found


def test_nothing_secret_of_the_tour_is_left(toured: Run) -> None:
    """Of all that the tour is told in confidence, nothing is in the recording: keys, tokens, hosts, the account."""
    secrets = {ACCOUNT, BUCKET}
    for each in toured.calls:
        secrets |= secrets_in(each.answer)
    assert len(secrets) > 30
    recorded = toured.recording(KNOWN).calls
    text = json.dumps([[each.parameters, each.answer] for each in recorded])
    assert [secret for secret in secrets if secret in text] == []
    tokens = re.findall(r"eyJ[\w-]+\.eyJ[\w-]+\.[\w-]*", text)
    assert tokens
    assert not any(secret in part for token in tokens for part in jwt_parts(token) for secret in secrets)


def test_what_belongs_together_still_does(toured: Run) -> None:
    """What was created is what is asked for; a page's token is the one that is sent, and a key has its ARN's id."""
    recorded = [each for each in toured.recording(KNOWN).calls if not each.error]
    created = {each.answer["channel"]["arn"] for each in recorded if each.operation == "CreateChannel"}
    got = {each.parameters["arn"] for each in recorded if each.operation == "GetChannel"}
    assert got
    assert got < created
    assert all(":111122223333:" in arn for arn in created)
    sent = {each.parameters["nextToken"] for each in recorded if each.parameters.get("nextToken")}
    assert sent
    assert sent <= {each.answer.get("nextToken") for each in recorded}
    keys = [each.answer["streamKey"] for each in recorded if "streamKey" in each.answer]
    assert keys
    assert all(key["value"].startswith(f"sk_us-west-2_{key['arn'].rpartition('/')[2]}_") for key in keys)


@given(
    secret=st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789_-", min_size=8, max_size=80),
    around=st.tuples(st.text(max_size=20), st.text(max_size=20)),
)
def test_a_secret_is_found_wherever_it_stands(secret: str, around: tuple[str, str]) -> None:
    """What one answer shows to be secret is in no text of any call, before or after, as a key of a dict neither."""
    text = around[0] + secret + around[1]
    before, shown, after = redacted(
        call("GetChannel", {"message": text}, error="ConflictException", arn=text, tags={text: text}),
        call("CreateStreamKey", {"streamKey": {"value": secret}}),
        call("GetStreamKey", {"streamKey": {"arn": text, "tags": {text: text}}}),
    )
    stand_in = shown.answer["streamKey"]["value"]
    assert len(stand_in) == len(secret)
    if stand_in != secret:  # one that has no letters or digits but its first two, say
        assert secret not in json.dumps([before.parameters, before.answer, shown.answer, after.answer])


@pytest.mark.parametrize(
    ("secret", "form"),
    [
        (
            "sk_us-west-2_AbCdEf123456_0123456789abcdefghijABCDEFGHIJ",
            r"sk_us-west-2_AbCdEf123456_\d{10}[a-z]{10}[A-Z]{10}",
        ),
        ("AQICAHh-x_9", r"AQ[A-Z]{4}[a-z]-[a-z]_\d"),
        ("0759d61188d4", r"07\d\d[a-f]\d{5}[a-f]\d"),
    ],
)
def test_stand_ins_look_like_it(secret: str, form: str) -> None:
    """A stand-in has the length of what it stands for, and characters of the same kinds in the same places."""
    (shown,) = redacted(call("CreateStreamKey", {"streamKey": {"value": secret}}))
    stand_in = shown.answer["streamKey"]["value"]
    assert stand_in != secret
    assert re.fullmatch(form, stand_in)


def test_keys_of_runs() -> None:
    """Another run has other stand-ins: they do not tell that two accounts are one."""
    calls = [call("CreateStreamKey", {"streamKey": {"value": "0123456789"}})]
    assert Redactor({}, b"one").redacted(calls) != Redactor({}, b"other").redacted(calls)


def test_what_is_known_by_its_looks() -> None:
    """Who called, access keys, private keys and hosts are replaced in any text; AWS's own hosts stay."""
    said = (
        "User: arn:aws:sts::998877665544:assumed-role/Admin/bob@example.com is not authorized, "
        "ASIAABCDEFGHIJKLMNOP -----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY----- "
        "wss://global.events.live-video.net https://0759d61188d4.global-bm.whip.live-video.net"
    )
    (shown,) = redacted(call("GetChannel", {"message": said}, error="AccessDeniedException"))
    text = shown.answer["message"]
    assert text.startswith(
        "User: arn:aws:iam::111122223333:user/somebody is not authorized, AKIAIOSFODNN7EXAMPLE a private key "
        "wss://global.events.live-video.net https://"
    )
    assert "0759d61188d4" not in text
    assert text.endswith(".global-bm.whip.live-video.net")


def test_members_that_the_model_does_not_know() -> None:
    """A longer text in a member that botocore does not know may be anything, and is replaced where it stands alone."""
    channel = {"name": "us-west-2", "new": "us-west-2", "mode": "SHORT", "n": 1}
    (shown,) = redacted(call("GetChannel", {"channel": channel}))
    assert shown.answer["channel"]["name"] == "us-west-2"
    assert re.fullmatch("[a-z]{2}-[a-z]{4}-[0-9]", shown.answer["channel"]["new"])
    assert shown.answer["channel"]["new"] != "us-west-2"
    assert (shown.answer["channel"]["mode"], shown.answer["channel"]["n"]) == ("SHORT", 1)


def test_short_names_are_whole_words() -> None:
    """A short bucket is replaced as a word, not inside of ids."""
    refused = call("GetChannel", {"message": "abc in abcdef, abc-1"}, error="ConflictException")
    (shown,) = redacted(refused, known={"abc": "demo", "": "x"})
    assert shown.answer["message"] == "demo in abcdef, abc-1"


@pytest.mark.parametrize("token", ["eyJ4.eyJ4.AAAA", "eyJhIjoxfQ.eyJ_____w.AAAA"])
def test_tokens_that_cannot_be_read(token: str) -> None:
    """What looks like a token and is none is replaced as a whole."""
    answer = {"participantToken": {"token": token}}
    (shown,) = redacted(call("CreateParticipantToken", answer, service="ivs-realtime"))
    assert shown.answer["participantToken"]["token"] != token


def test_mangled_page_tokens() -> None:
    """What somebody sends as a page's token is replaced too, as it may be most of one."""
    (shown,) = redacted(call("ListChannels", nextToken="AQabcdefgh"))
    assert re.fullmatch("AQ[a-z]{8}", shown.parameters["nextToken"])
    assert shown.parameters["nextToken"] != "AQabcdefgh"
