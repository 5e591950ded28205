// What an application sees of errors: node errors.mjs URL '{"ivs": ["ConflictException", …], "ivschat": […], …}' CHANNEL_ARN
// Reports those that were ordered for `ListChannels`, `ListRooms` and `ListStages`, one a call, and then some that calls earn.
import { send, services } from "./clients.mjs";

const ordered = JSON.parse(process.argv[3]);
const channel = "arn:aws:ivs:eu-west-1:123456789012:channel/AbCdEf123456";
const calls = [
  ...ordered.ivs.map((code) => ["ivs", "ListChannels", {}, code]),
  ...ordered.ivschat.map((code) => ["ivschat", "ListRooms", {}, code]),
  ...ordered["ivs-realtime"].map((code) => ["ivs-realtime", "ListStages", {}, code]),
  ["ivs", "GetChannel", { arn: channel }, "ResourceNotFoundException"],
  ["ivs", "GetStream", { channelArn: process.argv[4] }, "ChannelNotBroadcasting"],
  ["ivs-realtime", "GetStage", { arn: channel.replace("channel", "stage") }, "ResourceNotFoundException"],
  ["ivs-realtime", "ListStages", { maxResults: 0 }, "ValidationException"],
  ["ivs", "ListChannels", { maxResults: 0 }, "ValidationException"],
  ["ivschat", "CreateRoom", { maximumMessageLength: 0, maximumMessageRatePerSecond: 0 }, "ValidationException"],
];

const seen = [];
for (const [service, operation, input, code] of calls) {
  try {
    await send(service, operation, input);
    seen.push({ code, error: "none" });
  } catch (error) {
    const { name, message, fieldList, reason } = error;
    const typed = error instanceof (services[service].module[code] ?? Object);
    const { httpStatusCode: status, requestId } = error.$metadata;
    seen.push({ code, name, typed, status, hasRequestId: requestId !== undefined, message, fieldList, reason });
  }
}
console.log(JSON.stringify(seen));
