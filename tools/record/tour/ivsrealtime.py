"""The tour's chapters of IVS Real-Time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .tour import NAME, Tour


def stages(tour: Tour) -> None:
    """Stages with tokens and without, listed page by page."""
    realtime = tour.realtime
    plain = realtime.create_stage(tags=tour.tags)["stage"]["arn"]
    wanted = [{"userId": "ada", "attributes": {"color": "green"}, "capabilities": ["PUBLISH"], "duration": 5}, {}]
    made = realtime.create_stage(name=NAME, tags=tour.tags, participantTokenConfigurations=wanted)
    arn = made["stage"]["arn"]
    realtime.get_stage(arn=arn)
    realtime.update_stage(arn=arn, name="")
    tour.pages(realtime.list_stages)
    refused: tuple[dict[str, Any], ...] = (
        {"name": "no & no"},
        {"participantTokenConfigurations": [{}] * 13},
        {"participantTokenConfigurations": [{"duration": 0}]},
        {"autoParticipantRecordingConfiguration": {"storageConfigurationArn": tour.unknown("storage-configuration")}},
    )
    for settings in refused:
        tour.refused(realtime.create_stage, **settings)
    realtime.create_participant_token(stageArn=arn)
    realtime.create_participant_token(stageArn=arn, userId="ada", capabilities=["SUBSCRIBE"], duration=20160)
    for wrong in {"duration": 20161}, {"capabilities": ["FLY"]}, {"attributes": {"k": "v" * 1024}}:
        tour.refused(realtime.create_participant_token, stageArn=arn, **wrong)
    tour.refused(realtime.revoke_connection_token, tokenId="nonsense")
    tour.tag(realtime, arn)
    for each in arn, plain:
        realtime.delete_stage(arn=each)
    for each in arn, tour.unknown("stage"), tour.unknown("channel"), "nonsense":
        for operation in realtime.get_stage, realtime.update_stage, realtime.delete_stage:
            tour.refused(operation, arn=each)
    tour.refused(realtime.create_participant_token, stageArn=arn)


def participants(tour: Tour) -> None:
    """What can be asked of a stage on which nobody ever was, and of one that is not there."""
    realtime = tour.realtime
    stage = realtime.create_stage(name=NAME, tags=tour.tags)["stage"]["arn"]
    other = realtime.create_stage(name=NAME, tags=tour.tags)["stage"]["arn"]
    session = {"sessionId": "st-1aaaaaaaaaaaa"}
    who = {"participantId": "abcdefghijkl"}
    realtime.list_stage_sessions(stageArn=stage)
    for arn in stage, tour.gone(stage), "nonsense":
        tour.refused(realtime.list_stage_sessions, stageArn=arn)
        tour.refused(realtime.get_stage_session, stageArn=arn, **session)
        tour.refused(realtime.list_participants, stageArn=arn, **session)
        tour.refused(realtime.get_participant, stageArn=arn, **session, **who)
        tour.refused(realtime.list_participant_events, stageArn=arn, **session, **who)
        tour.refused(realtime.list_participant_replicas, sourceStageArn=arn, **who)
        tour.refused(realtime.disconnect_participant, stageArn=arn, **who)
        for operation in realtime.start_participant_replication, realtime.stop_participant_replication:
            tour.refused(operation, sourceStageArn=arn, destinationStageArn=other, **who)
    for each in stage, other:
        realtime.delete_stage(arn=each)


def public_keys(tour: Tour) -> None:
    """Keys that are imported, twice, and wrong ones."""
    realtime = tour.realtime
    tour.keys(
        realtime.import_public_key,
        "publicKey",
        realtime.get_public_key,
        realtime.list_public_keys,
        realtime.delete_public_key,
    )


def encoder_configurations(tour: Tour) -> None:
    """Encoder configurations with the defaults, in part, and wrong ones."""
    realtime = tour.realtime
    plain = realtime.create_encoder_configuration(tags=tour.tags)["encoderConfiguration"]["arn"]
    video = {"width": 1920, "height": 1080, "framerate": 29.97}
    made = realtime.create_encoder_configuration(name=NAME, tags=tour.tags, video=video)
    arn = made["encoderConfiguration"]["arn"]
    realtime.get_encoder_configuration(arn=arn)
    tour.pages(realtime.list_encoder_configurations)
    for wrong in {"width": 1}, {"height": 721}, {"framerate": 61.0}, {"bitrate": 8_500_001}, {"width": 1, "height": 1}:
        tour.refused(realtime.create_encoder_configuration, video=wrong)
    for each in arn, plain:
        realtime.delete_encoder_configuration(arn=each)
    tour.refused(realtime.get_encoder_configuration, arn=arn)
    tour.refused(realtime.delete_encoder_configuration, arn=arn)


def storage_configurations(tour: Tour) -> None:
    """What is refused and, for the reader's bucket, a configuration that a stage uses. Nothing is stored by it."""
    realtime = tour.realtime
    realtime.list_storage_configurations()
    tour.refused(realtime.create_storage_configuration, s3={"bucketName": ""})
    for operation in realtime.get_storage_configuration, realtime.delete_storage_configuration:
        tour.refused(operation, arn=tour.unknown("storage-configuration"))
    if not tour.bucket:
        return
    s3 = {"bucketName": tour.bucket}
    made = realtime.create_storage_configuration(name=NAME, tags=tour.tags, s3=s3)["storageConfiguration"]
    arn = made["arn"]
    realtime.get_storage_configuration(arn=arn)
    realtime.list_storage_configurations()
    recording = {"storageConfigurationArn": arn}
    stage = realtime.create_stage(tags=tour.tags, autoParticipantRecordingConfiguration=recording)["stage"]["arn"]
    tour.refused(realtime.delete_storage_configuration, arn=arn)
    realtime.delete_stage(arn=stage)
    tour.refused(realtime.delete_storage_configuration, arn=arn)
    tour.refused(realtime.get_storage_configuration, arn=arn)


def ingest_configurations(tour: Tour) -> None:
    """Ingest configurations without a stage, with one, and with one that is gone."""
    realtime = tour.realtime
    stage = realtime.create_stage(name=NAME, tags=tour.tags)["stage"]["arn"]
    made = realtime.create_ingest_configuration(name=NAME, tags=tour.tags, ingestProtocol="RTMPS")
    arn = made["ingestConfiguration"]["arn"]
    insecure = {"ingestProtocol": "RTMP", "insecureIngest": True, "stageArn": stage, "userId": "ada"}
    other = realtime.create_ingest_configuration(tags=tour.tags, **insecure)["ingestConfiguration"]["arn"]
    realtime.get_ingest_configuration(arn=arn)
    realtime.update_ingest_configuration(arn=arn, stageArn=stage)
    tour.pages(realtime.list_ingest_configurations)
    realtime.list_ingest_configurations(filterByStageArn=stage)
    for wrong in (
        {"ingestProtocol": "SRT"},
        {"ingestProtocol": "RTMP"},
        {"ingestProtocol": "RTMPS", "stageArn": tour.gone(stage)},
    ):
        tour.refused(realtime.create_ingest_configuration, **wrong)
    realtime.delete_stage(arn=stage)
    realtime.get_ingest_configuration(arn=arn)
    for each in arn, other:
        realtime.delete_ingest_configuration(arn=each)
    for operation in ("get", "update", "delete"):
        tour.refused(getattr(realtime, f"{operation}_ingest_configuration"), arn=arn)


def compositions(tour: Tour) -> None:
    """Compositions of a stage that does not exist, since others cost, and what can be asked of none."""
    realtime = tour.realtime
    realtime.list_compositions()
    encoder = realtime.create_encoder_configuration(name=NAME, tags=tour.tags)["encoderConfiguration"]["arn"]
    channel = tour.ivs.create_channel(name=NAME, tags=tour.tags)["channel"]["arn"]
    destination = {"channel": {"channelArn": channel, "encoderConfigurationArn": encoder}}
    gone = tour.gone(encoder).replace(":encoder-configuration/", ":stage/")
    tour.refused(realtime.start_composition, stageArn=gone, destinations=[destination])
    tour.refused(realtime.start_composition, stageArn=gone, destinations=[])
    for operation in realtime.get_composition, realtime.stop_composition:
        tour.refused(operation, arn=gone.replace(":stage/", ":composition/"))
    tour.refused(realtime.list_compositions, filterByStageArn=gone)
    tour.ivs.delete_channel(arn=channel)
    realtime.delete_encoder_configuration(arn=encoder)


CHAPTERS: list[Callable[[Tour], None]] = [
    stages,
    participants,
    public_keys,
    encoder_configurations,
    storage_configurations,
    ingest_configurations,
    compositions,
]
"""The chapters, in order."""
