"""With what an encoder can be configured."""

from __future__ import annotations

from typing import Any

import pytest

from ivsim import Emulator, StreamRefused

from ...calling import call


@pytest.fixture
def created(sim: Emulator) -> Any:
    made = call(sim, "CreateChannel").body
    if "srt" not in made["channel"]:
        pytest.skip("the installed botocore has no SRT")
    return made


def urls(created: Any) -> dict[str, str]:
    made, key = created["channel"], created["streamKey"]["value"]
    srt = f"srt://{made['srt']['endpoint']}:9000?streamid="
    return {
        "rtmps": f"rtmps://{made['ingestEndpoint']}:443/app/{key}",
        "rtmp": f"rtmp://{made['ingestEndpoint']}/app/{key}",
        "srt": f"{srt}{key}&passphrase={made['srt']['passphrase']}",
        "srt without passphrase": f"{srt}{key}",
        "srt with priority": f"{srt}#!::u={key},priority=3&passphrase={made['srt']['passphrase']}",
        "srt key": f"#!::u={key}",
    }


@pytest.mark.parametrize("form", ["rtmps", "srt", "srt with priority", "srt key"])
def test_ingest_urls(sim: Emulator, created: Any, form: str) -> None:
    """An encoder may be given the whole URL, as it is in life."""
    with sim.streams.start(urls(created)[form]) as live:
        assert live.channel_arn == created["channel"]["arn"]


def test_priorities(sim: Emulator, created: Any) -> None:
    """A priority is part of the key, in RTMP's form or in SRT's; what is given apart counts more."""
    forms = urls(created)
    sim.streams.start(forms["rtmps"] + "?priority=2")
    sim.streams.start(forms["srt with priority"])
    with pytest.raises(StreamRefused, match="StreamTakeoverInvalidPriority"):
        sim.streams.start(forms["srt with priority"])
    sim.streams.start(forms["srt with priority"], priority=4)
    with pytest.raises(ValueError, match="priority: -1 is not"):
        sim.streams.start(forms["srt with priority"], priority=-1)


def test_insecure_ingest(sim: Emulator, created: Any) -> None:
    """RTMP, and SRT without a passphrase, are for channels that allow insecure ingest."""
    forms = urls(created)
    with pytest.raises(StreamRefused, match="does not allow insecure ingest; use rtmps"):
        sim.streams.start(forms["rtmp"])
    with pytest.raises(StreamRefused, match="the SRT passphrase is not that of"):
        sim.streams.start(forms["srt without passphrase"])
    call(sim, "UpdateChannel", arn=created["channel"]["arn"], insecureIngest=True)
    for form in ("rtmp", "srt without passphrase"):
        sim.streams.start(forms[form]).end()


def test_wrong_host(sim: Emulator, created: Any) -> None:
    """A URL that leads elsewhere is told what the endpoint is."""
    key, endpoint = created["streamKey"]["value"], created["channel"]["ingestEndpoint"]
    with pytest.raises(StreamRefused, match=f"example.com is not where .* is ingested; that is {endpoint}"):
        sim.streams.start(f"rtmps://example.com/app/{key}")
    with pytest.raises(StreamRefused, match="nothing is not where"):
        sim.streams.start(f"srt://?streamid={key}")


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("https://{host}/app/{key}", "https is not a protocol of ingest; there are rtmps, rtmp, srt"),
        ("rtmps://{host}:1935/app/{key}", "port 1935 does not take rtmps; port 443 does"),
        ("rtmps://{host}:99999999/app/{key}", "is not a URL"),
        ("rtmps://[/app/{key}", "is not a URL"),
        ("rtmps://{host}/{key}", "does not end in /app/ and a stream key"),
        ("rtmps://{host}/more/app/{key}", "does not end in /app/ and a stream key"),
        ("RTMP://{host}/app/{key}", "does not allow insecure ingest"),
        ("srt://{srt}:1?streamid={key}", "port 1 does not take srt; port 9000 does"),
    ],
)
def test_unusable_urls(sim: Emulator, created: Any, url: str, problem: str) -> None:
    """A URL with which no encoder gets in is refused, and says why."""
    made, key = created["channel"], created["streamKey"]["value"]
    with pytest.raises(StreamRefused, match=problem):
        sim.streams.start(url.format(host=made["ingestEndpoint"], srt=made["srt"]["endpoint"], key=key))


@pytest.mark.parametrize("suffix", ["?priority=", "?priority=x", "?other=1", "?"])
def test_malformed_priority(sim: Emulator, created: Any, suffix: str) -> None:
    """What is no priority makes a wrong key of it."""
    with pytest.raises(StreamRefused, match="no channel has this stream key"):
        sim.streams.start(created["streamKey"]["value"] + suffix)
