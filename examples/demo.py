"""One broadcast from first call to last, and what happens around it, on plain boto3 without AWS: `make demo`."""

import boto3
import requests

from ivsim import ChatConnection, mock_ivs


def main() -> None:
    """Tell the story of one evening's stream."""
    with mock_ivs() as sim:
        ivs = boto3.client("ivs", region_name="us-west-2")
        chat = boto3.client("ivschat", region_name="us-west-2")

        print("A channel, as your back end would create it")
        bucket = {"s3": {"bucketName": "evening-tapes"}}
        tapes = ivs.create_recording_configuration(destinationConfiguration=bucket)["recordingConfiguration"]
        created = ivs.create_channel(name="evening-show", tags={"team": "live"}, recordingConfigurationArn=tapes["arn"])
        channel, key = created["channel"], created["streamKey"]
        print(f"  channel     {channel['arn']}")
        print(f"  ingest      rtmps://{channel['ingestEndpoint']}:443/app/")
        print(f"  stream key  {key['value'][:28]}…")
        print(f"  playback    {channel['playbackUrl']}")

        print("\nOBS connects with the key, three people watch")
        live = sim.streams.start(key["value"], viewers=3)
        stream = ivs.get_stream(channelArn=channel["arn"])["stream"]
        print(f"  {stream['state']}, {stream['health'].lower()}, {stream['viewerCount']} viewers, {stream['streamId']}")

        print("\nYour code asks a question of everybody who watches")
        ivs.put_metadata(channelArn=channel["arn"], metadata='{"question": "Encore?"}')
        print(f"  in the video: {live.metadata[0].text}")

        print("\nWhat is on air")
        for each in ivs.list_streams()["streams"]:
            print(f"  {each['channelArn'].rpartition('/')[2]}  {each['state']}  {each['viewerCount']} viewers")

        print("\nA player asks for the stream")
        playlist = requests.get(channel["playbackUrl"], timeout=10).text
        for line in playlist.splitlines():
            if line.startswith("#EXT-X-STREAM-INF"):
                print(f"  {line.split(',')[1]}")

        print("\nThe encoder's line is bad for ten seconds")
        live.starve()
        health = ivs.get_stream(channelArn=channel["arn"])["stream"]["health"]
        print(f"  {health.lower()}")
        sim.clock.advance(10)
        live.recover()

        print("\nAda and Bob chat; a moderator sends Bob home")
        room = chat.create_room(name="evening-chat")["arn"]

        def join(user: str) -> ChatConnection:
            token = chat.create_chat_token(roomIdentifier=room, userId=user, capabilities=["SEND_MESSAGE"])
            return sim.chat.connect(token["token"])

        ada, bob = join("ada"), join("bob")
        ada.send_message("Encore!")
        bob.send_message("BUY CHEAP TICKETS")
        chat.disconnect_user(roomIdentifier=room, userId="bob", reason="No advertising.")
        for _ in range(3):
            frame = ada.receive()
            who = frame.get("Sender", frame["Attributes"] or {}).get("UserId")
            print(f"  {frame['Type']:8}{who}: {frame.get('Content') or frame['EventName']}")
        print(f"  Bob is {'out' if bob.closed else 'still there'}: {bob.close_reason}")

        print("\nAn hour later somebody stops it")
        sim.clock.advance(3600)
        ivs.stop_stream(channelArn=channel["arn"])
        try:
            ivs.get_stream(channelArn=channel["arn"])
        except ivs.exceptions.ChannelNotBroadcasting as error:
            print(f"  {error.response['Error']['Message']}")
        session = ivs.get_stream_session(channelArn=channel["arn"])["streamSession"]
        print(f"  on air for {session['endTime'] - session['startTime']}")

        print("\nWhat EventBridge saw")
        for event in sim.events:
            print(f"  {event['time']}  {event['detail'].get('event_name') or event['detail']['recording_status']}")

        print("\nWhat was recorded")
        (recording,) = sim.recordings
        print(f"  {recording.duration} in {len(recording.objects):,} objects")
        print(f"  s3://{recording.bucket}/{recording.key_prefix}/")

        print(f"\n{len(sim.calls)} API calls, none of which left this process.")

        print("\nThe same on a port, for every AWS SDK, or for none")
        with sim.serve() as server:
            tags = requests.get(f"{server.url}/tags/{channel['arn']}", timeout=10)
            print(f"  GET {server.url}/tags/…:channel/…")
            print(f"  {tags.status_code} {tags.text}")

    print("\nTo watch a broadcast, with a picture")
    print("  ivsim serve                    # and in another shell:")
    print("""  curl http://127.0.0.1:4870/CreateChannel -d '{"name": "evening-show"}'""")
    print("  ivsim go-live evening-show     # or push with OBS to rtmp://127.0.0.1:1935/app/ and the key")
    print("  # then look at http://127.0.0.1:4870/ in a browser, or at the channel's playbackUrl in a player")


if __name__ == "__main__":
    main()
