"""Pages of other people's shall not drive the emulator on somebody's machine."""

from __future__ import annotations

import pytest

from ivsim import Emulator

from .control_client import Control


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost:3000",
        "http://localhost",
        "https://app.localhost:8443",
        "http://127.0.0.1:8080",
        "http://127.1.2.3",
        "http://[::1]:5173",
    ],
)
def test_pages_of_this_machine(control: Control, origin: str) -> None:
    """Scripts of this machine's pages may call, and read what is answered."""
    answer = control("POST", "/reset", Origin=origin)
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == origin
    assert answer.headers["vary"] == "Origin"
    asked = control("OPTIONS", "/quotas", Origin=origin, Access_Control_Request_Method="PATCH")
    assert asked.status == 200
    assert "PATCH" in asked.headers["access-control-allow-methods"]


def test_own_page(control: Control) -> None:
    """The server's own pages may call, by whatever name this machine is called."""
    host = f"my-machine:{control.server.port}"
    assert control("POST", "/reset", Host=host, Origin=f"http://{host}").status == 204


@pytest.mark.parametrize(
    "origin",
    [
        "https://example.com",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "http://notlocalhost",
        "http://example.com#localhost",
        "null",
        "",
    ],
)
def test_pages_from_elsewhere(sim: Emulator, control: Control, origin: str) -> None:
    """Pages from elsewhere are refused, also when they ask first."""
    sim.quotas["Channels"] = 1
    for answer in (
        control("POST", "/reset", Origin=origin),
        control("PATCH", "/quotas", {"Channels": 2}, Origin=origin),
        control("OPTIONS", "/quotas", Origin=origin, Access_Control_Request_Method="PATCH"),
    ):
        assert answer.status == 403
        assert answer.body["field"] == "Origin"
        assert "access-control-allow-origin" not in answer.headers
    assert sim.quotas["Channels"] == 1


@pytest.mark.parametrize(
    "host", ["evil.example.com", "evil.example.com:4870", "rebind.it.", "[evil", "localhost.evil.org"]
)
def test_foreign_names_for_this_machine(control: Control, host: str) -> None:
    """A public name that somebody lets point to this machine (DNS rebinding) is refused."""
    answer = control("GET", "/state", Host=host, Origin=f"http://{host}")
    assert (answer.status, answer.body["field"]) == (403, "Host")


@pytest.mark.parametrize(
    "host",
    [
        "localhost:4870",
        "ivsim",
        "ivsim:4870",
        "192.168.1.5:4870",
        "[::1]:4870",
        "[fe80::1]",
        "host.docker.internal",
        "a.test",
        "Localhost:4870",
        "LAPTOP.LOCAL",
        "localhost.:4870",
    ],
)
def test_local_names(control: Control, host: str) -> None:
    """Addresses and local names, as in a network of containers, are good."""
    assert control("GET", "/health", Host=host).status == 200


def test_allowed_names(sim: Emulator) -> None:
    """A name that is allowed is good however it is written, and so are its pages; one above or below it is not."""
    with sim.serve(allow_hosts=["ivsim.Example.com", "a_b.example.org"]) as server:
        control = Control(server)
        for host in ("ivsim.example.com", "IVSIM.example.com.:4870", "a_b.example.org:80", "localhost"):
            assert control("POST", "/reset", Host=host, Origin=f"http://{host}").status == 204
        for host in ("example.com", "evil.ivsim.example.com", "ivsim.example.com.evil.org"):
            assert control("POST", "/reset", Host=host).status == 403
        refused = control("POST", "/reset", Host="ivsim.example.com", Origin="http://evil.example.com")
        assert (refused.status, refused.body["field"]) == (403, "Origin")


@pytest.mark.parametrize("name", ["http://ivsim.example.com", "ivsim.example.com:4870", "*.example.com", "", "a..b"])
def test_what_is_no_name(sim: Emulator, name: str) -> None:
    """What cannot be the name of a host is refused before anything listens."""
    with pytest.raises(ValueError, match=r"^allow_hosts: '.*' is no host name; one is like ivsim.example.com"):
        sim.serve(allow_hosts=["good.example.com", name])


def test_one_name_is_no_list(sim: Emulator) -> None:
    """A text is not taken for a list of its letters."""
    with pytest.raises(TypeError, match="allow_hosts: 'studio' is one name, and has to be a list of names"):
        sim.serve(allow_hosts="studio")


def test_preflight_of_the_api(control: Control) -> None:
    """Browser SDKs call the API from any origin, as before."""
    connection = control.open("GET", "/health")[0]
    connection.close()
    connection.connect()
    asking = {"Origin": "https://example.com", "Access-Control-Request-Method": "POST"}
    connection.request("OPTIONS", "/CreateChannel", headers=asking)
    response = connection.getresponse()
    assert (response.status, response.headers["access-control-allow-origin"]) == (204, "*")
    connection.close()
