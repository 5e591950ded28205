"""What type checkers make of the fixtures' clients, where the types of mypy-boto3 are installed; checked, never run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import assert_type

if TYPE_CHECKING:
    from mypy_boto3_ivs import IVSClient
    from mypy_boto3_ivs.type_defs import ChannelTypeDef
    from mypy_boto3_ivs_realtime import IvsrealtimeClient
    from mypy_boto3_ivs_realtime.type_defs import StageTypeDef
    from mypy_boto3_ivschat import IvschatClient


def test_a_channel(ivs_client: IVSClient) -> None:
    assert_type(ivs_client.create_channel(name="studio")["channel"], ChannelTypeDef)
    ivs_client.create_channel(nam="studio")  # type: ignore[call-arg]
    ivs_client.get_stream(channelArn=3)  # type: ignore[arg-type]


def test_a_room(ivschat_client: IvschatClient) -> None:
    assert_type(ivschat_client.create_room()["maximumMessageLength"], int)
    ivschat_client.create_room(maximumMessageLength="long")  # type: ignore[arg-type]


def test_a_stage(ivsrealtime_client: IvsrealtimeClient) -> None:
    assert_type(ivsrealtime_client.create_stage()["stage"], StageTypeDef)
    ivsrealtime_client.delete_stage()  # type: ignore[call-arg]
