"""Every operation of IVS, called with success."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ivsim import Emulator

from . import TAGS, Call


def call_all(sim: Emulator, do: Call) -> None:
    """Make one of everything, look at it, change it, and delete it again."""
    key = ec.generate_private_key(ec.SECP384R1()).public_key()
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    recording = {"destinationConfiguration": {"s3": {"bucketName": "abc"}}, "tags": TAGS}
    recording_arn = do("CreateRecordingConfiguration", recording)["recordingConfiguration"]["arn"]
    policy = do("CreatePlaybackRestrictionPolicy", {"allowedCountries": ["DE"], "tags": TAGS})
    policy_arn = policy.get("playbackRestrictionPolicy", {}).get("arn", "")
    playback = [{"playbackConfigurationArn": "arn:aws:mediatailor:us-east-1:123456789012:playbackConfiguration/ads"}]
    ads = do("CreateAdConfiguration", {"mediaTailorPlaybackConfigurations": playback})
    ads_arn = ads.get("adConfiguration", {}).get("arn", "")
    slate = do("CreateFailoverSlateConfiguration", {"tags": TAGS})
    slate_arn = slate.get("failoverSlateConfiguration", {}).get("arn", "")
    key_arn = do("ImportPlaybackKeyPair", {"publicKeyMaterial": pem, "name": "k"})["keyPair"]["arn"]
    created = do(
        "CreateChannel",
        {
            "name": "c",
            "recordingConfigurationArn": recording_arn,
            "playbackRestrictionPolicyArn": policy_arn,
            "adConfigurationArn": ads_arn,
            "failoverSlateConfigurationArn": slate_arn,
            "tags": TAGS,
        },
    )
    arn, stream_key = created["channel"]["arn"], created["streamKey"]["arn"]
    unknown = arn[:-3] + "xyz"
    for name, one in [
        ("Channel", arn),
        ("StreamKey", stream_key),
        ("RecordingConfiguration", recording_arn),
        ("PlaybackRestrictionPolicy", policy_arn),
        ("AdConfiguration", ads_arn),
        ("FailoverSlateConfiguration", slate_arn),
        ("PlaybackKeyPair", key_arn),
    ]:
        do(f"Get{name}", {"arn": one})
    do("BatchGetChannel", {"arns": [arn, unknown]})
    do("BatchGetStreamKey", {"arns": [stream_key, unknown.replace("channel", "stream-key")]})
    do("UpdateChannel", {"arn": arn, "name": "d"})
    do("UpdatePlaybackRestrictionPolicy", {"arn": policy_arn, "name": "p"})
    do("UpdateAdConfiguration", {"arn": ads_arn, "name": "a"})
    do("UpdateFailoverSlateConfiguration", {"arn": slate_arn, "name": "s"})
    for name in ("Channels", "RecordingConfigurations", "PlaybackRestrictionPolicies", "PlaybackKeyPairs"):
        do(f"List{name}", {"maxResults": 1})
    for name in ("AdConfigurations", "FailoverSlateConfigurations"):
        do(f"List{name}")
    do("ListStreamKeys", {"channelArn": arn})
    live = sim.streams.start(arn, viewers=1)
    do("GetStream", {"channelArn": arn})
    do("ListStreams", {"filterBy": {"health": "HEALTHY"}})
    do("PutMetadata", {"channelArn": arn, "metadata": "x"})
    do("InsertAdBreak", {"channelArn": arn, "durationSeconds": 30})
    do("StopStream", {"channelArn": arn})
    do("GetStreamSession", {"channelArn": arn, "streamId": live.stream_id})
    do("ListStreamSessions", {"channelArn": arn})
    viewer = {"channelArn": arn, "viewerId": "v"}
    do("StartViewerSessionRevocation", viewer)
    do("BatchStartViewerSessionRevocation", {"viewerSessions": [viewer, {**viewer, "channelArn": unknown}]})
    do("TagResource", {"resourceArn": arn, "tags": {"c": "d"}})
    do("ListTagsForResource", {"resourceArn": arn})
    do("UntagResource", {"resourceArn": arn, "tagKeys": ["c", "a"]})
    do("DeleteStreamKey", {"arn": stream_key})
    do("CreateStreamKey", {"channelArn": arn, "tags": TAGS})
    do("DeleteChannel", {"arn": arn})
    do("DeleteRecordingConfiguration", {"arn": recording_arn})
    do("DeletePlaybackRestrictionPolicy", {"arn": policy_arn})
    do("DeleteAdConfiguration", {"arn": ads_arn})
    do("DeleteFailoverSlateConfiguration", {"arn": slate_arn})
    do("DeletePlaybackKeyPair", {"arn": key_arn})
