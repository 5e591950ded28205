// Call every operation that the packages know: node operations.mjs URL LIVE_CHANNEL_ARN PUBLIC_KEY STAGE_ARN PARTICIPANT_ID
// Whoever the last argument names publishes on the stage.
import assert from "node:assert/strict";
import { operations, send } from "./clients.mjs";

const [live, publicKeyMaterial, stageArn, participantId] = process.argv.slice(3);
const playbackConfigurationArn = "arn:aws:mediatailor:eu-west-1:123456789012:playbackConfiguration/ads";
const called = { ivs: [], ivschat: [], "ivs-realtime": [] };

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

// Real-time: a stage that somebody publishes on, and what is made, read, listed, changed and deleted
const realtime = (operation, input) => call("ivs-realtime", operation, input);
const { stage } = await realtime("CreateStage", { name: "panel", participantTokenConfigurations: [{ userId: "ann" }] });
assert.equal(stage.endpoints.events.split("/")[2], process.argv[2].split("/")[2]);
const { participantToken } = await realtime("CreateParticipantToken", { stageArn, capabilities: ["SUBSCRIBE"] });
assert.ok(participantToken.token && participantToken.expirationTime > new Date());
const { publicKey } = await realtime("ImportPublicKey", { publicKeyMaterial });
const { encoderConfiguration } = await realtime("CreateEncoderConfiguration", { video: { width: 640, height: 360 } });
const { storageConfiguration } = await realtime("CreateStorageConfiguration", { s3: { bucketName: "my-tapes" } });
const { ingestConfiguration } = await realtime("CreateIngestConfiguration", { ingestProtocol: "RTMPS" });
const { activeSessionId: sessionId } = (await realtime("GetStage", { arn: stageArn })).stage;

const there = { stageArn, sessionId };
assert.ok((await realtime("GetStageSession", there)).stageSession.startTime instanceof Date);
assert.equal((await realtime("ListStageSessions", { stageArn })).stageSessions[0].sessionId, sessionId);
assert.equal((await realtime("ListParticipants", there)).participants[0].participantId, participantId);
const { participant } = await realtime("GetParticipant", { ...there, participantId });
assert.deepEqual([participant.published, participant.attributes], [true, { role: "host" }]);
const { events } = await realtime("ListParticipantEvents", { ...there, participantId });
assert.deepEqual(events.map(({ name }) => name), ["PUBLISH_STARTED", "JOINED"]);
const replication = { sourceStageArn: stageArn, destinationStageArn: stage.arn, participantId };
const started = await realtime("StartParticipantReplication", replication);
assert.equal(started.accessControlAllowOrigin, "*"); // a header, as a member
const { replicas } = await realtime("ListParticipantReplicas", { sourceStageArn: stageArn, participantId });
assert.equal(replicas[0].destinationStageArn, stage.arn);
await realtime("StopParticipantReplication", replication);

const s3 = {
  storageConfigurationArn: storageConfiguration.arn,
  encoderConfigurationArns: [encoderConfiguration.arn],
};
const { composition } = await realtime("StartComposition", { stageArn, destinations: [{ s3 }] });
assert.ok(composition.startTime instanceof Date);
await realtime("GetComposition", { arn: composition.arn });
assert.equal((await realtime("ListCompositions")).compositions.length, 1);
await realtime("StopComposition", { arn: composition.arn });
await realtime("DisconnectParticipant", { stageArn, participantId, reason: "the show is over" });

await realtime("GetPublicKey", { arn: publicKey.arn });
await realtime("GetEncoderConfiguration", { arn: encoderConfiguration.arn });
await realtime("GetStorageConfiguration", { arn: storageConfiguration.arn });
await realtime("GetIngestConfiguration", { arn: ingestConfiguration.arn });
await realtime("ListStages");
await realtime("ListPublicKeys");
await realtime("ListEncoderConfigurations");
await realtime("ListStorageConfigurations");
await realtime("ListIngestConfigurations");
assert.equal((await realtime("UpdateStage", { arn: stage.arn, name: "quiz" })).stage.name, "quiz");
await realtime("UpdateIngestConfiguration", { arn: ingestConfiguration.arn, stageArn: stage.arn });
await realtime("TagResource", { resourceArn: stage.arn, tags: { "a b": "1", "c+d": "2" } });
await realtime("UntagResource", { resourceArn: stage.arn, tagKeys: ["a b"] });
assert.deepEqual((await realtime("ListTagsForResource", { resourceArn: stage.arn })).tags, { "c+d": "2" });
await realtime("DeleteIngestConfiguration", { arn: ingestConfiguration.arn });
await realtime("DeleteStorageConfiguration", { arn: storageConfiguration.arn });
await realtime("DeleteEncoderConfiguration", { arn: encoderConfiguration.arn });
await realtime("DeletePublicKey", { arn: publicKey.arn });
await realtime("DeleteStage", { arn: stage.arn });

for (const service of Object.keys(called)) {
  assert.deepEqual(called[service].sort(), operations(service), `the package for ${service} knows others`);
}
console.log(JSON.stringify(called));
