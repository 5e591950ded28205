// A platform for streamers. Everybody has a channel with a key that can be changed, followers, videos of what was
// streamed, and a room to moderate.
import {
  ChannelNotBroadcasting,
  CreateChannelCommand,
  CreateStreamKeyCommand,
  DeleteChannelCommand,
  DeleteStreamKeyCommand,
  GetRecordingConfigurationCommand,
  IvsClient,
  ListStreamKeysCommand,
  paginateListStreams,
  StopStreamCommand,
} from "@aws-sdk/client-ivs";
import {
  CreateChatTokenCommand,
  CreateRoomCommand,
  DeleteMessageCommand,
  DisconnectUserCommand,
  IvschatClient,
} from "@aws-sdk/client-ivschat";
import { GetObjectCommand, paginateListObjectsV2, S3Client } from "@aws-sdk/client-s3";
import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";

/**
 * Return the service, which records all channels as a recording configuration says.
 *
 * A gateway in front of it has signed callers in, names them in the header X-User, and lets nobody but EventBridge to
 * /events. What the service knows is in memory; a real one has a database. Region, credentials and endpoints of AWS come
 * from the environment.
 */
export async function createPlatform(recordingConfigurationArn) {
  const ivs = new IvsClient({});
  const ivschat = new IvschatClient({});
  const s3 = new S3Client({ forcePathStyle: true }); // a bucket of an emulator has no host name
  const { recordingConfiguration } = await ivs.send(
    new GetRecordingConfigurationCommand({ arn: recordingConfigurationArn }),
  );
  const bucket = recordingConfiguration.destinationConfiguration.s3.bucketName;
  const shows = new Map(); // by owner: { owner, channelArn, roomArn, followers, banned }
  const notices = new Map();
  const announced = new Set(); // EventBridge may deliver an event twice

  const app = new Hono();

  app.onError((error, c) => {
    if (error instanceof HTTPException) return c.json({ error: error.message }, error.status);
    if (error.$metadata) return c.json({ error: error.name }, 503); // AWS refuses or cannot: no mistake of the caller's
    throw error;
  });

  // Give the caller a channel that is recorded, and a room; tell what the encoder and the player need.
  app.post("/shows", async (c) => {
    const owner = caller(c);
    if (shows.has(owner)) refuse(409, `${owner} has a show`);
    const { channel, streamKey } = await ivs.send(new CreateChannelCommand({ name: owner, recordingConfigurationArn }));
    let room;
    try {
      room = await ivschat.send(new CreateRoomCommand({ name: owner }));
    } catch (error) {
      await ivs.send(new DeleteChannelCommand({ arn: channel.arn })); // of which nobody would know
      throw error;
    }
    shows.set(owner, { owner, channelArn: channel.arn, roomArn: room.arn, followers: new Set(), banned: new Set() });
    return c.json({ ingest: channel.ingestEndpoint, key: streamKey.value, playback: channel.playbackUrl }, 201);
  });

  // Make the old stream key worthless, and stop whoever streams with it. A channel has room for one key; if an earlier
  // call came no further than half of the way, there is none.
  app.post("/shows/:owner/key", async (c) => {
    const { channelArn } = findOwn(c);
    const { streamKeys } = await ivs.send(new ListStreamKeysCommand({ channelArn }));
    for (const { arn } of streamKeys) await ivs.send(new DeleteStreamKeyCommand({ arn }));
    const { streamKey } = await ivs.send(new CreateStreamKeyCommand({ channelArn }));
    try {
      await ivs.send(new StopStreamCommand({ channelArn }));
    } catch (error) {
      if (!(error instanceof ChannelNotBroadcasting)) throw error;
    }
    return c.json({ key: streamKey.value });
  });

  // List who is live, with the most viewers first. The account may have channels that are not the platform's.
  app.get("/live", async (c) => {
    const owners = new Map([...shows.values()].map(({ channelArn, owner }) => [channelArn, owner]));
    const live = [];
    for await (const { streams } of paginateListStreams({ client: ivs }, {})) {
      for (const { channelArn, viewerCount } of streams) {
        if (owners.has(channelArn)) live.push({ owner: owners.get(channelArn), viewers: viewerCount });
      }
    }
    return c.json(live.sort((one, other) => other.viewers - one.viewers));
  });

  app.put("/shows/:owner/followers", (c) => {
    find(c).followers.add(caller(c));
    return c.body(null, 204);
  });

  // Take an event of EventBridge, from a rule whose target is this URL.
  app.post("/events", async (c) => {
    const { detail, resources } = await c.req.json();
    if (detail.event_name === "Stream Start" && !announced.has(detail.stream_id)) {
      announced.add(detail.stream_id);
      for (const { owner, channelArn, followers } of shows.values()) {
        if (!resources.includes(channelArn)) continue;
        for (const user of followers) notices.set(user, [...(notices.get(user) ?? []), `${owner} is live`]);
      }
    }
    return c.body(null, 204);
  });

  app.get("/notices", (c) => {
    const mine = notices.get(caller(c)) ?? [];
    notices.delete(caller(c));
    return c.json(mine);
  });

  // List what was streamed, as far as its recording has ended; S3 has all that there is to know.
  app.get("/shows/:owner/videos", async (c) => {
    const [, , , , account, channel] = find(c).channelArn.split(":");
    const where = { Bucket: bucket, Prefix: `ivs/v1/${account}/${channel.replace("channel/", "")}/` };
    const videos = [];
    for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, where)) {
      for (const { Key } of Contents) {
        const [prefix, name] = Key.split("/events/");
        if (name !== "recording-ended.json") continue;
        const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
        const { hls } = JSON.parse(await Body.transformToString()).media;
        if (hls.duration_ms === 0) continue; // a stream of a few seconds leaves no media
        videos.push({ playlist: `${prefix}/${hls.path}/${hls.playlist}`, seconds: Math.floor(hls.duration_ms / 1000) });
      }
    }
    return c.json(videos);
  });

  // Let the caller into the room, with a token as Amazon's chat SDK wants it; who owns the show may also moderate.
  app.post("/shows/:owner/chat", async (c) => {
    const { owner, roomArn, banned } = find(c);
    const userId = caller(c);
    if (banned.has(userId)) refuse(403, `${userId} is banned`);
    const capabilities = ["SEND_MESSAGE", ...(userId === owner ? ["DELETE_MESSAGE", "DISCONNECT_USER"] : [])];
    const { token, sessionExpirationTime, tokenExpirationTime } = await ivschat.send(
      new CreateChatTokenCommand({ roomIdentifier: roomArn, userId, capabilities }),
    );
    return c.json({ token, sessionExpirationTime, tokenExpirationTime });
  });

  // Keep somebody out of the room, and show them out if they are in.
  app.put("/shows/:owner/bans/:user", async (c) => {
    const { roomArn, banned } = findOwn(c);
    const userId = c.req.param("user");
    banned.add(userId);
    await ivschat.send(new DisconnectUserCommand({ roomIdentifier: roomArn, userId, reason: "banned" }));
    return c.body(null, 204);
  });

  app.delete("/shows/:owner/bans/:user", (c) => {
    findOwn(c).banned.delete(c.req.param("user"));
    return c.body(null, 204);
  });

  app.delete("/shows/:owner/messages/:message", async (c) => {
    const message = { roomIdentifier: findOwn(c).roomArn, id: c.req.param("message"), reason: "moderation" };
    await ivschat.send(new DeleteMessageCommand(message));
    return c.body(null, 204);
  });

  function caller(c) {
    return c.req.header("X-User") ?? refuse(401, "nobody is signed in");
  }

  function find(c) {
    const owner = c.req.param("owner");
    return shows.get(owner) ?? refuse(404, `${owner} has no show`);
  }

  function findOwn(c) {
    const owner = c.req.param("owner");
    return caller(c) === owner ? find(c) : refuse(403, `that is for ${owner} to do`);
  }

  function refuse(status, message) {
    throw new HTTPException(status, { message });
  }

  return app;
}
