"""Every operation of IVS Real-Time, called with success."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ivsim import Emulator

from ..calling import call
from ..ivsrealtime.people import join
from . import TAGS, Call


def call_all(sim: Emulator, do: Call) -> None:
    """Make one of everything, look at it, change it, and delete it again."""
    key = ec.generate_private_key(ec.SECP384R1()).public_key()
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    key_arn = (
        do("ImportPublicKey", {"publicKeyMaterial": pem, "name": "k", "tags": TAGS}).get("publicKey", {}).get("arn")
    )
    do("GetPublicKey", {"arn": key_arn})
    do("ListPublicKeys", {"maxResults": 1})
    encoder = do("CreateEncoderConfiguration", {"video": {"framerate": 29.97}, "tags": TAGS})
    encoder_arn = encoder["encoderConfiguration"]["arn"]
    do("GetEncoderConfiguration", {"arn": encoder_arn})
    do("ListEncoderConfigurations")
    storage = do("CreateStorageConfiguration", {"s3": {"bucketName": "abc"}, "tags": TAGS})
    storage_arn = storage["storageConfiguration"]["arn"]
    do("GetStorageConfiguration", {"arn": storage_arn})
    do("ListStorageConfigurations")
    recording = {"storageConfigurationArn": storage_arn}
    wanted = [{"userId": "ann", "attributes": TAGS, "capabilities": ["PUBLISH"], "duration": 5}, {}]
    stage = do(
        "CreateStage",
        {
            "name": "s",
            "participantTokenConfigurations": wanted,
            "autoParticipantRecordingConfiguration": recording,
            "tags": TAGS,
        },
    )
    arn = stage["stage"]["arn"]
    other = do("CreateStage")["stage"]["arn"]
    do("GetStage", {"arn": arn})
    do("ListStages", {"maxResults": 1})
    do(
        "UpdateStage",
        {"arn": arn, "name": "t", "autoParticipantRecordingConfiguration": {"storageConfigurationArn": ""}},
    )
    do("CreateParticipantToken", {"stageArn": arn, "userId": "ann", "attributes": TAGS})
    do("RevokeConnectionToken", {"tokenId": "abc"})
    ingest = do("CreateIngestConfiguration", {"ingestProtocol": "RTMPS", "redundantIngest": True, "tags": TAGS})
    ingest_arn = ingest.get("ingestConfiguration", {}).get("arn")
    do("GetIngestConfiguration", {"arn": ingest_arn})
    do("UpdateIngestConfiguration", {"arn": ingest_arn, "stageArn": arn})
    do("ListIngestConfigurations", {"filterByState": "INACTIVE"})
    do("DeleteIngestConfiguration", {"arn": ingest_arn})
    session_id = join(sim, arn, "abc", published=True)
    session = {"stageArn": arn, "sessionId": session_id}
    replication = {"sourceStageArn": arn, "destinationStageArn": other, "participantId": "abc"}
    do("StartParticipantReplication", replication)
    do("ListParticipantReplicas", {"sourceStageArn": arn, "participantId": "abc"})
    do("StopParticipantReplication", replication)
    do("ListStageSessions", {"stageArn": arn})
    do("GetStageSession", session)
    do("ListParticipants", session)
    do("GetParticipant", {**session, "participantId": "abc"})
    do("ListParticipantEvents", {**session, "participantId": "abc"})
    channel_arn = call(sim, "CreateChannel").body["channel"]["arn"]
    channel = {"channelArn": channel_arn, "encoderConfigurationArn": encoder_arn}
    s3 = {
        "storageConfigurationArn": storage_arn,
        "encoderConfigurationArns": [encoder_arn],
        "thumbnailConfigurations": [{}],
    }
    destinations = [{"channel": channel}, {"s3": s3, "name": "tape"}]
    composition = do("StartComposition", {"stageArn": arn, "destinations": destinations, "tags": TAGS})
    composition_arn = composition["composition"]["arn"]
    do("GetComposition", {"arn": composition_arn})
    do("ListCompositions", {"filterByStageArn": arn})
    do("StopComposition", {"arn": composition_arn})
    do("DisconnectParticipant", {"stageArn": arn, "participantId": "abc", "reason": "enough"})
    do("TagResource", {"resourceArn": arn, "tags": {"c": "d"}})
    do("ListTagsForResource", {"resourceArn": arn})
    do("UntagResource", {"resourceArn": arn, "tagKeys": ["c", "a"]})
    do("DeleteStage", {"arn": arn})
    do("DeleteStorageConfiguration", {"arn": storage_arn})
    do("DeleteEncoderConfiguration", {"arn": encoder_arn})
    do("DeletePublicKey", {"arn": key_arn})
