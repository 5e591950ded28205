"""One broadcast from first call to last, and a chat room, on plain boto3 without AWS: `make demo`."""

import boto3

from ivsim import mock_ivs


def main() -> None:
    """Tell the story of one evening's stream."""
    with mock_ivs() as sim:
        ivs = boto3.client("ivs", region_name="us-west-2")
        chat = boto3.client("ivschat", region_name="us-west-2")

        print("A channel, as your back end would create it")
        created = ivs.create_channel(name="evening-show", tags={"team": "live"})
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
            print(f"  {event['time']}  {event['detail']['event_name']}")

        print("\nA chat room, and a token for Ada to come in")
        room = chat.create_room(name="evening-chat")
        token = chat.create_chat_token(roomIdentifier=room["arn"], userId="ada", capabilities=["SEND_MESSAGE"])
        print(f"  room   {room['arn']}")
        print(f"  token  {token['token'][:40]}…")
        print(f"  good until {token['tokenExpirationTime']:%H:%M}, for one connection")

        print(f"\n{len(sim.calls)} API calls, none of which left this process.")


if __name__ == "__main__":
    main()
