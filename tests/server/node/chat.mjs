// Chats with the official SDK: node chat.mjs SCENARIO URL CHAT_URL ROOM_ARN. Prints what its users see, as JSON.
import { CreateChatTokenCommand, DeleteRoomCommand, IvschatClient, SendEventCommand } from "@aws-sdk/client-ivschat";
import { ChatRoom, DeleteMessageRequest, DisconnectUserRequest, SendMessageRequest } from "amazon-ivs-chat-messaging";
import WebSocket from "ws";

const [scenario, endpoint, chatUrl, roomIdentifier, ...more] = process.argv.slice(2);
const everything = ["SEND_MESSAGE", "DELETE_MESSAGE", "DISCONNECT_USER"];
const credentials = { accessKeyId: "any", secretAccessKey: "any" };
const ivschat = new IvschatClient({ endpoint, region: "us-east-1", credentials });

const sockets = [];
globalThis.WebSocket = class extends WebSocket {
  constructor(...args) {
    super(...args);
    sockets.push(this);
  }
};

// What happens to one user, in the order in which it does.
class User {
  seen = [];
  tokens = 0;

  constructor(userId, { capabilities = everything, change = (token) => token, attributes } = {}) {
    const command = { roomIdentifier, userId, capabilities, attributes };
    this.room = new ChatRoom({
      regionOrUrl: chatUrl,
      tokenProvider: async () => {
        this.tokens += 1;
        const token = await ivschat.send(new CreateChatTokenCommand(command));
        return change({
          token: token.token,
          sessionExpirationTime: token.sessionExpirationTime,
          tokenExpirationTime: token.tokenExpirationTime,
        });
      },
    });
    this.room.logger = { debug() {}, info() {}, error() {} };
    const note = (name, told) => this.room.addListener(name, (given) => this.seen.push([name, told(given)]));
    note("connecting", () => null);
    note("connect", () => null);
    note("disconnect", (reason) => reason);
    note("message", ({ content, attributes, sender }) => [content, attributes ?? null, sender.userId, sender.attributes]);
    note("event", ({ eventName, attributes }) => [eventName, attributes ?? null]);
    note("messageDelete", ({ messageId, reason }) => [messageId, reason]);
    note("userDisconnect", ({ userId, reason }) => [userId, reason]);
  }

  async connect() {
    this.room.connect();
    await this.sees("connect");
    return this;
  }

  // Wait until something of a name was seen so many times.
  async sees(name, times = 1) {
    while (this.seen.filter(([each]) => each === name).length < times) await pause();
  }

  send(content, attributes) {
    return this.room.sendMessage(new SendMessageRequest(content, attributes));
  }

  // Return what a request was refused with.
  async refused(promise) {
    try {
      await promise;
      return "it was not refused";
    } catch ({ errorCode, errorMessage, id }) {
      return [errorCode, errorMessage, typeof id];
    }
  }
}

const pause = () => new Promise((done) => setTimeout(done, 5));

const scenarios = {
  async conversation() {
    const moderator = await new User("moderator", { attributes: { role: "boss" } }).connect();
    const bob = await new User("bob").connect();
    const first = await bob.send("hällo <b>", { mood: "fine" });
    const second = await moderator.send("hi");
    await bob.sees("message", 2);
    const { id } = await ivschat.send(
      new SendEventCommand({ roomIdentifier, eventName: "app:score", attributes: { home: "1" } }),
    );
    await bob.sees("event");
    const deleted = await moderator.room.deleteMessage(new DeleteMessageRequest(first.id, "Spam"));
    await moderator.room.disconnectUser(new DisconnectUserRequest("bob", "Kicked"));
    await bob.sees("disconnect");
    moderator.room.disconnect();
    await moderator.sees("disconnect");
    const told = { sent: [first.attributes, second.attributes ?? null], isDate: first.sendTime instanceof Date };
    return { ...told, first: first.id, deleted: deleted.messageId, event: typeof id, bob: bob.seen, moderator: moderator.seen };
  },

  // The room reviews what it is sent, and the first requests of "faulty" fail as the arguments say.
  async errors(...faults) {
    const bob = await new User("bob").connect();
    const mute = await new User("mute", { capabilities: [] }).connect();
    const faulty = await new User("faulty").connect();
    const codes = {
      "too long": await bob.refused(bob.send("x".repeat(501))),
      "not allowed": await mute.refused(mute.send("x")),
      "too large": await bob.refused(bob.send("x", { a: "x".repeat(1024) })),
      denied: await bob.refused(bob.send("rude")),
    };
    const allowed = (await bob.send("polite")).content;
    for (const code of faults) codes[code] = await faulty.refused(faulty.send("x"));
    await faulty.sees("connect", 2); // 401 came last, and makes the SDK connect anew
    const many = await Promise.all(Array.from({ length: 11 }, (_, n) => mute.refused(mute.send(`${n}`))));
    codes["too many"] = many.find(([code]) => code === 429);
    await ivschat.send(new DeleteRoomCommand({ identifier: roomIdentifier }));
    codes["no room"] = await faulty.refused(faulty.send("x"));
    return { codes, allowed, tokens: faulty.tokens };
  },

  async renewal() {
    const soon = ({ token }) => ({ token, tokenExpirationTime: new Date(Date.now() + 31_000) });
    const bob = new User("bob", { change: (token) => (bob.tokens === 1 ? soon(token) : token) });
    await bob.connect();
    while (sockets[0].readyState !== WebSocket.CLOSED) await pause();
    await bob.send("still here");
    return { seen: bob.seen, tokens: bob.tokens };
  },

  async trouble() {
    const bob = await new User("bob").connect();
    await bob.send("drop me");
    await bob.sees("connect", 2);
    await bob.send("end my session");
    await bob.sees("disconnect");
    const eve = new User("eve", { change: ({ token }) => ({ token: token.slice(1) }) });
    eve.room.connect();
    await eve.sees("disconnect");
    return { bob: bob.seen, eve: eve.seen, tokens: eve.tokens };
  },
};

console.log(JSON.stringify(await scenarios[scenario](...more)));
process.exit(0);
