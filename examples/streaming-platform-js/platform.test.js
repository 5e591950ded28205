import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, beforeEach, test } from "node:test";

import {
  CreateChannelCommand,
  CreateRecordingConfigurationCommand,
  IvsClient,
  ListChannelsCommand,
} from "@aws-sdk/client-ivs";
import { CreateBucketCommand, HeadObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { serve } from "@hono/node-server";
import { ChatRoom, DeleteMessageRequest, SendMessageRequest } from "amazon-ivs-chat-messaging";
import WebSocket from "ws";

import { start, startEmulators } from "./emulators.js";
import { createPlatform } from "./platform.js";

globalThis.WebSocket ??= WebSocket; // which Node has from version 22 on

let aws, hook, ivs, platform, recordingConfigurationArn, s3;

before(async () => {
  hook = serve({ fetch: (request) => platform.fetch(request), hostname: "127.0.0.1", port: 0 });
  await once(hook, "listening");
  aws = await startEmulators(`http://127.0.0.1:${hook.address().port}/events`);
  await aws.control("POST", "/clock/freeze");
  ivs = new IvsClient({});
  s3 = new S3Client({ forcePathStyle: true });
});

after(async () => {
  await aws?.stop();
  hook.close();
});

beforeEach(async () => {
  await aws.reset();
  await s3.send(new CreateBucketCommand({ Bucket: "recordings" }));
  const destinationConfiguration = { s3: { bucketName: "recordings" } };
  const made = await ivs.send(new CreateRecordingConfigurationCommand({ destinationConfiguration }));
  recordingConfigurationArn = made.recordingConfiguration.arn;
  platform = await createPlatform(recordingConfigurationArn);
});

/** Ask the platform as somebody, and return what it answers. */
async function ask(user, method, path, status = 200) {
  const answer = await platform.request(path, { method, headers: { "X-User": user } });
  const text = await answer.text();
  assert.equal(answer.status, status, text);
  return text && JSON.parse(text);
}

const openShow = (user) => ask(user, "POST", "/shows", 201);

/** Let an encoder go live; return the stream. */
const goLive = (streamKey, viewers = 0) => aws.control("POST", "/streams", { streamKey, viewers });
const isLive = async ({ streamId }) => (await aws.control("GET", `/streams/${streamId}`)).isLive;
const end = ({ streamId }) => aws.control("POST", `/streams/${streamId}/end`);
const advance = (seconds) => aws.control("POST", "/clock/advance", { seconds });

const channels = async () => (await ivs.send(new ListChannelsCommand({}))).channels;

/** Join the chat of Ada's show until the end of a test, as the front end does. */
async function join(t, user, tokenProvider = () => ask(user, "POST", "/shows/ada/chat")) {
  const room = new ChatRoom({ regionOrUrl: aws.chatUrl, tokenProvider });
  room.logLevel = "error";
  t.after(() => room.disconnect());
  const connected = next(room, "connect");
  room.connect();
  await connected;
  return room;
}

/** Return the next thing of a name that a room tells; fail if there is none. */
function next(room, name) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`there was no ${name}`)), 60_000);
    const forget = room.addListener(name, (told) => {
      clearTimeout(late);
      forget();
      resolve(told);
    });
  });
}

test("everybody gets what an encoder and a player need, once", async () => {
  const show = await openShow("ada");
  const [channel] = await channels();
  assert.deepEqual([channel.name, channel.recordingConfigurationArn], ["ada", recordingConfigurationArn]);
  assert.match(show.ingest, /\.global-contribute\.live-video\.net$/);
  assert.match(show.playback, /\.m3u8$/);
  await ask("ada", "POST", "/shows", 409);
  await ask("ada", "POST", "/shows/bob/chat", 404);
  assert.equal((await platform.request("/shows", { method: "POST" })).status, 401);
});

test("where there is no room to be had, no channel is left, and the next try succeeds", async () => {
  const errorCode = "ServiceQuotaExceededException";
  await aws.control("POST", "/faults", { operation: "CreateRoom", errorCode });
  assert.deepEqual(await ask("ada", "POST", "/shows", 503), { error: errorCode });
  assert.deepEqual(await channels(), []);
  await openShow("ada");
});

test("a changed key throws out whoever streams with the old one", async () => {
  const { key } = await openShow("ada");
  await ask("bob", "POST", "/shows/ada/key", 403);
  const stolen = await goLive(key);
  const changed = await ask("ada", "POST", "/shows/ada/key");
  assert.equal(await isLive(stolen), false);
  await assert.rejects(goLive(key), /no channel has this stream key/);
  assert.equal(await isLive(await goLive(changed.key)), true);
});

test("where the old key is gone and there is no new one, the next try makes one", async () => {
  await openShow("ada");
  await aws.control("POST", "/faults", { operation: "CreateStreamKey", errorCode: "PendingVerification" });
  await ask("ada", "POST", "/shows/ada/key", 503);
  const { key } = await ask("ada", "POST", "/shows/ada/key");
  assert.equal(await isLive(await goLive(key)), true);
});

test("the list has who is on the air, the most viewers first, and no channel that is not the platform's", async () => {
  const { streamKey } = await ivs.send(new CreateChannelCommand({}));
  await goLive(streamKey.value);
  assert.deepEqual(await ask("eve", "GET", "/live"), []);
  await goLive((await openShow("ada")).key, 3);
  const bobs = await goLive((await openShow("bob")).key, 5);
  assert.deepEqual(await ask("eve", "GET", "/live"), [{ owner: "bob", viewers: 5 }, { owner: "ada", viewers: 3 }]);
  await end(bobs);
  assert.deepEqual(await ask("eve", "GET", "/live"), [{ owner: "ada", viewers: 3 }]);
});

test("followers hear once that somebody is live, also when EventBridge delivers twice", async () => {
  const { key } = await openShow("ada");
  await ask("eve", "PUT", "/shows/ada/followers", 204);
  await goLive(key);
  await aws.delivered();
  const { events } = await aws.control("GET", "/events");
  for (const event of events) {
    const again = await platform.request("/events", { method: "POST", body: JSON.stringify(event) });
    assert.equal(again.status, 204);
  }
  assert.deepEqual(await ask("eve", "GET", "/notices"), ["ada is live"]);
  assert.deepEqual(await ask("eve", "GET", "/notices"), []);
  assert.deepEqual(await ask("bob", "GET", "/notices"), []);
});

test("what was streamed can be watched once it has ended; what was too short leaves nothing", async () => {
  const { key } = await openShow("ada");
  for (const seconds of [2, 60]) {
    const stream = await goLive(key);
    await advance(seconds);
    assert.deepEqual(await ask("eve", "GET", "/shows/ada/videos"), []);
    await end(stream);
  }
  const [video, ...others] = await ask("eve", "GET", "/shows/ada/videos");
  assert.deepEqual([video.seconds, others], [60, []]);
  await s3.send(new HeadObjectCommand({ Bucket: "recordings", Key: video.playlist }));
});

test("a guest's token lets them write and no more, the owner's lets them moderate", async (t) => {
  await openShow("ada");
  const [ada, bob] = [await join(t, "ada"), await join(t, "bob")];
  const { id } = await bob.sendMessage(new SendMessageRequest("hello"));
  await assert.rejects(bob.deleteMessage(new DeleteMessageRequest(id)), { errorCode: 403 });
  const deleted = next(bob, "messageDelete");
  await ada.deleteMessage(new DeleteMessageRequest(id));
  assert.equal((await deleted).messageId, id);
});

test("who is banned is shown out and gets no token until the ban is lifted; nobody else notices", async (t) => {
  await openShow("ada");
  const [bob, eve] = [await join(t, "bob"), await join(t, "eve")];
  await ask("eve", "PUT", "/shows/ada/bans/bob", 403);
  const shownOut = next(eve, "disconnect");
  await ask("ada", "PUT", "/shows/ada/bans/eve", 204);
  await shownOut;
  assert.equal(bob.state, "connected");
  await ask("eve", "POST", "/shows/ada/chat", 403);
  await ask("ada", "DELETE", "/shows/ada/bans/eve", 204);
  await join(t, "eve");
});

test("a message that the owner deletes is taken from everybody's screen; guests may not delete any", async (t) => {
  await openShow("ada");
  const [bob, eve] = [await join(t, "bob"), await join(t, "eve")];
  const seen = next(bob, "message");
  await eve.sendMessage(new SendMessageRequest("free coins here"));
  const { id } = await seen;
  await ask("bob", "DELETE", `/shows/ada/messages/${id}`, 403);
  const deleted = next(bob, "messageDelete");
  await ask("ada", "DELETE", `/shows/ada/messages/${id}`, 204);
  assert.equal((await deleted).messageId, id);
});

test("the service starts with what its environment says", async (t) => {
  const environment = { RECORDING_CONFIGURATION_ARN: recordingConfigurationArn, PORT: "0" };
  const service = await start("node", ["server.js"], environment);
  t.after(() => service.stop());
  assert.deepEqual(await (await fetch(`${service.url}/live`)).json(), []);
});
