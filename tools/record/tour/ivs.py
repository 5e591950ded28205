"""The tour's chapters of IVS itself."""

from __future__ import annotations

from collections.abc import Callable

from .tour import NAME, Tour


def channels(tour: Tour) -> None:
    """Channels of each type, found by name and page by page."""
    ivs = tour.ivs
    made = ivs.create_channel()["channel"]["arn"]
    ivs.get_channel(arn=made)
    named = ivs.create_channel(name=NAME, tags=tour.tags, authorized=True, latencyMode="NORMAL")["channel"]["arn"]
    for kind in "BASIC", "ADVANCED_SD", "ADVANCED_HD":
        ivs.update_channel(arn=named, type=kind)
    ivs.update_channel(arn=named, preset="CONSTRAINED_BANDWIDTH_DELIVERY")
    ivs.update_channel(arn=named, type="STANDARD", insecureIngest=True)
    ivs.get_channel(arn=named)
    tour.pages(ivs.list_channels)
    ivs.list_channels(filterByName=NAME)
    ivs.list_channels(filterByName=NAME[:-1])
    tour.refused(ivs.list_channels, filterByName=NAME, filterByRecordingConfigurationArn=tour.gone(made))
    ivs.batch_get_channel(arns=[named, made, tour.gone(made)])
    tour.refused(ivs.batch_get_channel, arns=[])
    for settings in (
        {"name": "no & no"},
        {"name": "x" * 129},
        {"type": "GOLD"},
        {"type": "STANDARD", "preset": "HIGHER_BANDWIDTH_DELIVERY"},
        {"latencyMode": "LATE", "type": "GOLD"},
        {"recordingConfigurationArn": tour.gone(made).replace(":channel/", ":recording-configuration/")},
        {"playbackRestrictionPolicyArn": tour.gone(made).replace(":channel/", ":playback-restriction-policy/")},
        {"tags": {**tour.tags, "aws:reserved": "x"}},
        {"containerFormat": "TS", "multitrackInputConfiguration": {"enabled": True}},
    ):
        tour.refused(ivs.create_channel, **settings)
    tour.tag(ivs, named)
    for arn in made, named:
        ivs.delete_channel(arn=arn)
    for arn in made, tour.unknown("channel"), tour.unknown("room", "ivschat"), "nonsense", "":
        for operation in ivs.get_channel, ivs.update_channel, ivs.delete_channel:
            tour.refused(operation, arn=arn)
    ivs.list_channels()


def stream_keys(tour: Tour) -> None:
    """The key that comes with a channel, and what comes of more than one."""
    ivs = tour.ivs
    made = ivs.create_channel(name=NAME, tags=tour.tags)
    channel, key = made["channel"]["arn"], made["streamKey"]["arn"]
    ivs.get_stream_key(arn=key)
    tour.refused(ivs.create_stream_key, channelArn=channel)
    tour.pages(ivs.list_stream_keys, channelArn=channel)
    ivs.batch_get_stream_key(arns=[key, tour.gone(key)])
    ivs.delete_stream_key(arn=key)
    ivs.list_stream_keys(channelArn=channel)
    another = ivs.create_stream_key(channelArn=channel, tags=tour.tags)["streamKey"]["arn"]
    ivs.delete_channel(arn=channel)
    for arn in key, another, tour.unknown("stream-key"), "nonsense":
        tour.refused(ivs.get_stream_key, arn=arn)
        tour.refused(ivs.delete_stream_key, arn=arn)
    tour.refused(ivs.create_stream_key, channelArn=channel)
    tour.refused(ivs.list_stream_keys, channelArn=channel)


def streams(tour: Tour) -> None:
    """What can be asked of a channel that is not live, and of one that is not there."""
    ivs = tour.ivs
    channel = ivs.create_channel(name=NAME, tags=tour.tags)["channel"]["arn"]
    ivs.list_streams()
    ivs.list_streams(filterBy={"health": "HEALTHY"})
    tour.refused(ivs.list_streams, filterBy={"health": "FINE"})
    ivs.list_stream_sessions(channelArn=channel)
    for arn in channel, tour.gone(channel), "nonsense":
        tour.refused(ivs.get_stream, channelArn=arn)
        tour.refused(ivs.stop_stream, channelArn=arn)
        tour.refused(ivs.put_metadata, channelArn=arn, metadata="x")
        tour.refused(ivs.insert_ad_break, channelArn=arn, durationSeconds=30)
        tour.refused(ivs.get_stream_session, channelArn=arn)
        tour.refused(ivs.get_stream_session, channelArn=arn, streamId="st-1aaaaaaaaaaaaaaaaaaaaaa")
        tour.refused(ivs.list_stream_sessions, channelArn=arn)
        tour.refused(ivs.start_viewer_session_revocation, channelArn=arn, viewerId="ada")
    tour.refused(ivs.put_metadata, channelArn=channel, metadata="x" * 1025)
    sessions = [{"channelArn": arn, "viewerId": "ada"} for arn in (channel, tour.gone(channel))]
    ivs.batch_start_viewer_session_revocation(viewerSessions=sessions)
    tour.refused(ivs.batch_start_viewer_session_revocation, viewerSessions=[])
    ivs.delete_channel(arn=channel)


def playback_key_pairs(tour: Tour) -> None:
    """Keys that are imported, twice, and wrong ones."""
    ivs = tour.ivs
    tour.keys(
        ivs.import_playback_key_pair,
        "keyPair",
        ivs.get_playback_key_pair,
        ivs.list_playback_key_pairs,
        ivs.delete_playback_key_pair,
    )


def playback_restriction_policies(tour: Tour) -> None:
    """A policy, changed and in use."""
    ivs = tour.ivs
    made = ivs.create_playback_restriction_policy(name=NAME, tags=tour.tags, allowedCountries=["DE", "US"])
    arn = made["playbackRestrictionPolicy"]["arn"]
    plain = ivs.create_playback_restriction_policy(tags=tour.tags)["playbackRestrictionPolicy"]["arn"]
    ivs.get_playback_restriction_policy(arn=arn)
    tour.pages(ivs.list_playback_restriction_policies)
    ivs.update_playback_restriction_policy(
        arn=arn, allowedOrigins=["https://example.com"], enableStrictOriginEnforcement=True
    )
    for wrong in (
        {"allowedCountries": ["Germany"]},
        {"allowedCountries": ["DE", "DE"], "tags": tour.tags},
        {"allowedOrigins": ["nonsense"]},
    ):
        tour.refused(ivs.create_playback_restriction_policy, **wrong)
    channel = ivs.create_channel(name=NAME, tags=tour.tags, playbackRestrictionPolicyArn=arn)["channel"]["arn"]
    ivs.list_channels(filterByPlaybackRestrictionPolicyArn=arn)
    tour.refused(ivs.delete_playback_restriction_policy, arn=arn)
    ivs.update_channel(arn=channel, playbackRestrictionPolicyArn="")
    ivs.delete_channel(arn=channel)
    for each in arn, plain:
        ivs.delete_playback_restriction_policy(arn=each)
    for operation in ("get", "update", "delete"):
        tour.refused(getattr(ivs, f"{operation}_playback_restriction_policy"), arn=arn)


def recording_configurations(tour: Tour) -> None:
    """What is refused and, in the reader's bucket, a configuration that a channel uses. Nothing is recorded by it."""
    ivs = tour.ivs
    ivs.list_recording_configurations()
    tour.refused(ivs.create_recording_configuration, destinationConfiguration={})
    for operation in ivs.get_recording_configuration, ivs.delete_recording_configuration:
        tour.refused(operation, arn=tour.unknown("recording-configuration"))
    if not tour.bucket:
        return
    s3 = {"s3": {"bucketName": tour.bucket}}
    made = ivs.create_recording_configuration(name=NAME, tags=tour.tags, destinationConfiguration=s3)
    arn = made["recordingConfiguration"]["arn"]
    tour.settle(ivs.get_recording_configuration, arn=arn)
    ivs.get_recording_configuration(arn=arn)
    ivs.list_recording_configurations()
    channel = ivs.create_channel(name=NAME, tags=tour.tags, recordingConfigurationArn=arn)["channel"]["arn"]
    ivs.list_channels(filterByRecordingConfigurationArn=arn)
    tour.refused(ivs.delete_recording_configuration, arn=arn)
    ivs.delete_channel(arn=channel)
    ivs.delete_recording_configuration(arn=arn)
    tour.refused(ivs.delete_recording_configuration, arn=arn)


def ad_configurations(tour: Tour) -> None:
    """An ad configuration whose playback configuration does not exist, and what comes after."""
    ivs = tour.ivs
    ads = f"arn:aws:mediatailor:{tour.region}:123456789012:playbackConfiguration/ads"
    settings = {"mediaTailorPlaybackConfigurations": [{"playbackConfigurationArn": ads}]}
    tour.refused(ivs.create_ad_configuration, name=NAME, tags=tour.tags, **settings)
    for made in ivs.list_ad_configurations()["adConfigurations"]:
        ivs.get_ad_configuration(arn=made["arn"])
        tour.refused(ivs.update_ad_configuration, arn=made["arn"], name="")
        ivs.delete_ad_configuration(arn=made["arn"])
    for operation in ("get", "update", "delete"):
        tour.refused(getattr(ivs, f"{operation}_ad_configuration"), arn=tour.unknown("ad-configuration"))


def failover_slate_configurations(tour: Tour) -> None:
    """A slate, changed and in use."""
    ivs = tour.ivs
    made = ivs.create_failover_slate_configuration(name=NAME, tags=tour.tags)["failoverSlateConfiguration"]
    arn = made["arn"]
    tour.settle(ivs.get_failover_slate_configuration, arn=arn)
    ivs.get_failover_slate_configuration(arn=arn)
    ivs.list_failover_slate_configurations()
    ivs.update_failover_slate_configuration(arn=arn, maxSlateDisplaySeconds=90)
    tour.settle(ivs.get_failover_slate_configuration, arn=arn)
    channel = ivs.create_channel(name=NAME, tags=tour.tags, failoverSlateConfigurationArn=arn)["channel"]["arn"]
    tour.refused(ivs.delete_failover_slate_configuration, arn=arn)
    ivs.delete_channel(arn=channel)
    ivs.delete_failover_slate_configuration(arn=arn)
    for operation in ("get", "update", "delete"):
        tour.refused(getattr(ivs, f"{operation}_failover_slate_configuration"), arn=arn)


CHAPTERS: list[Callable[[Tour], None]] = [
    channels,
    stream_keys,
    streams,
    playback_key_pairs,
    playback_restriction_policies,
    recording_configurations,
    ad_configurations,
    failover_slate_configurations,
]
"""The chapters, in order."""
