"""The EventBridge events of one broadcast, one JSON object a line: to look at, or as test data for a Lambda function.

Run it: `python examples/print_events.py`, or `python examples/print_events.py | jq .detail`
"""

import json
from datetime import datetime, timezone

import boto3

from ivsim import mock_ivs


def main() -> None:
    with mock_ivs(seed="events") as sim:
        sim.events.subscribe(lambda event: print(json.dumps(event)))
        sim.clock.freeze(datetime(2027, 1, 1, 20, 0, tzinfo=timezone.utc))
        ivs = boto3.client("ivs", region_name="us-west-2")
        arn = ivs.create_channel(name="evening-show")["channel"]["arn"]
        sim.streams.start(arn)
        sim.clock.advance(3600)
        ivs.stop_stream(channelArn=arn)


if __name__ == "__main__":
    main()
