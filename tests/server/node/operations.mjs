// Call every operation that the packages know, once: node operations.mjs URL LIVE_CHANNEL_ARN PUBLIC_KEY
import assert from "node:assert/strict";
import { operations, send } from "./clients.mjs";

const [live, publicKeyMaterial] = process.argv.slice(3);
const playbackConfigurationArn = "arn:aws:mediatailor:eu-west-1:123456789012:playbackConfiguration/ads";
const called = { ivs: [], ivschat: [] };

function call(service, operation, input = {}) {
  called[service].push(operation);
  return send(service, operation, input);
}

// Low latency: what is made, read, listed, changed and deleted
const { channel, streamKey } = await call("ivs", "CreateChannel", { name: "evening-show", tags: { stage: "dev" } });
assert.deepEqual(channel.tags, { stage: "dev" });
const { adConfiguration } = await call("ivs", "CreateAdConfiguration", {
  mediaTailorPlaybackConfigurations: [{ playbackConfigurationArn }],
});
const { playbackRestrictionPolicy } = await call("ivs", "CreatePlaybackRestrictionPolicy", {
  allowedCountries: ["DE"],
  allowedOrigins: ["https://example.com"],
});
const { recordingConfiguration } = await call("ivs", "CreateRecordingConfiguration", {
  destinationConfiguration: { s3: { bucketName: "my-recordings" } },
});
const { keyPair } = await call("ivs", "ImportPlaybackKeyPair", { publicKeyMaterial });

const { arn } = channel;
const { stream } = await call("ivs", "GetStream", { channelArn: live });
assert.ok(stream.startTime instanceof Date);
const { streamId } = stream;
assert.equal((await call("ivs", "ListStreams")).streams[0].streamId, streamId);
await call("ivs", "ListStreamSessions", { channelArn: live });
const { streamSession } = await call("ivs", "GetStreamSession", { channelArn: live, streamId });
assert.ok(streamSession.truncatedEvents.every(({ eventTime }) => eventTime instanceof Date));
assert.equal((await call("ivs", "PutMetadata", { channelArn: live, metadata: "🎬" })).$metadata.httpStatusCode, 204);
await call("ivs", "InsertAdBreak", { channelArn: live, durationSeconds: 30 });
await call("ivs", "StopStream", { channelArn: live });

await call("ivs", "StartViewerSessionRevocation", { channelArn: arn, viewerId: "ann" });
const viewerSessions = [{ channelArn: arn, viewerId: "ben" }];
assert.equal((await call("ivs", "BatchStartViewerSessionRevocation", { viewerSessions })).errors, undefined);
assert.equal((await call("ivs", "BatchGetChannel", { arns: [arn] })).channels[0].name, "evening-show");
assert.equal((await call("ivs", "BatchGetStreamKey", { arns: [streamKey.arn] })).streamKeys[0].value, streamKey.value);
await call("ivs", "GetChannel", { arn });
await call("ivs", "GetStreamKey", { arn: streamKey.arn });
await call("ivs", "GetAdConfiguration", { arn: adConfiguration.arn });
await call("ivs", "GetPlaybackKeyPair", { arn: keyPair.arn });
await call("ivs", "GetPlaybackRestrictionPolicy", { arn: playbackRestrictionPolicy.arn });
await call("ivs", "GetRecordingConfiguration", { arn: recordingConfiguration.arn });
await call("ivs", "ListChannels", { filterByName: "evening-show" });
await call("ivs", "ListStreamKeys", { channelArn: arn });
await call("ivs", "ListAdConfigurations");
await call("ivs", "ListPlaybackKeyPairs");
await call("ivs", "ListPlaybackRestrictionPolicies");
await call("ivs", "ListRecordingConfigurations");
assert.equal((await call("ivs", "UpdateChannel", { arn, name: "late-show" })).channel.name, "late-show");
await call("ivs", "UpdateAdConfiguration", {
  arn: adConfiguration.arn,
  mediaTailorPlaybackConfigurations: [{ playbackConfigurationArn }],
});
await call("ivs", "UpdatePlaybackRestrictionPolicy", { arn: playbackRestrictionPolicy.arn, allowedCountries: ["AT"] });
await call("ivs", "TagResource", { resourceArn: arn, tags: { "a b": "1", "c+d": "2" } });
await call("ivs", "UntagResource", { resourceArn: arn, tagKeys: ["a b", "stage"] });
assert.deepEqual((await call("ivs", "ListTagsForResource", { resourceArn: arn })).tags, { "c+d": "2" });
await call("ivs", "DeleteStreamKey", { arn: streamKey.arn });
await call("ivs", "CreateStreamKey", { channelArn: arn });
await call("ivs", "DeleteChannel", { arn });
await call("ivs", "DeleteAdConfiguration", { arn: adConfiguration.arn });
await call("ivs", "DeletePlaybackKeyPair", { arn: keyPair.arn });
await call("ivs", "DeletePlaybackRestrictionPolicy", { arn: playbackRestrictionPolicy.arn });
await call("ivs", "DeleteRecordingConfiguration", { arn: recordingConfiguration.arn });

// Chat
const logging = await call("ivschat", "CreateLoggingConfiguration", {
  destinationConfiguration: { cloudWatchLogs: { logGroupName: "/ivs/chat" } },
});
const room = await call("ivschat", "CreateRoom", { name: "lobby", loggingConfigurationIdentifiers: [logging.arn] });
assert.ok(room.createTime instanceof Date);
const token = await call("ivschat", "CreateChatToken", { roomIdentifier: room.arn, userId: "ann" });
assert.ok(token.token && token.sessionExpirationTime > new Date());
const { id } = await call("ivschat", "SendEvent", { roomIdentifier: room.arn, eventName: "hello" });
await call("ivschat", "DeleteMessage", { roomIdentifier: room.arn, id });
await call("ivschat", "DisconnectUser", { roomIdentifier: room.arn, userId: "ann" });
await call("ivschat", "GetRoom", { identifier: room.arn });
await call("ivschat", "GetLoggingConfiguration", { identifier: logging.arn });
await call("ivschat", "ListRooms");
await call("ivschat", "ListLoggingConfigurations");
await call("ivschat", "UpdateRoom", { identifier: room.arn, loggingConfigurationIdentifiers: [] });
await call("ivschat", "UpdateLoggingConfiguration", { identifier: logging.arn, name: "log" });
await call("ivschat", "TagResource", { resourceArn: room.arn, tags: { a: "b" } });
assert.deepEqual((await call("ivschat", "ListTagsForResource", { resourceArn: room.arn })).tags, { a: "b" });
await call("ivschat", "UntagResource", { resourceArn: room.arn, tagKeys: ["a"] });
await call("ivschat", "DeleteRoom", { identifier: room.arn });
await call("ivschat", "DeleteLoggingConfiguration", { identifier: logging.arn });

for (const service of ["ivs", "ivschat"]) {
  assert.deepEqual(called[service].sort(), operations(service), `the package for ${service} knows others`);
}
console.log(JSON.stringify(called));
