/** A room: who is there, what is said, and this page as somebody who takes part. */

import { call, control, Refused } from "./api.js";
import { join, leave, memberOf, send } from "./chat.js";
import { ask, doing } from "./dialogs.js";
import { h } from "./dom.js";
import { nameOf, plural, timeOf } from "./format.js";
import { asJson, block, copyable, facts, field, members, title } from "./parts.js";
import { askForPlace, placeName } from "./places.js";
import { change, state } from "./state.js";

const CAPABILITIES = { SEND_MESSAGE: "Send", DELETE_MESSAGE: "Delete", DISCONNECT_USER: "Disconnect" };
const MOST_SHOWN = 500;

/** What was said in the room that is open. */
const open = { arn: "", frames: [], connections: [], isLoading: false, isOld: false };

/** Ask for what a new room needs, and make it. */
export function createRoom() {
  ask({
    title: "Create a chat room",
    action: "Create room",
    body: [
      field("Name", h("input", { name: "name", placeholder: "evening-chat", autocomplete: "off", autofocus: true })),
      askForPlace(),
    ],
    async perform({ name, place }) {
      const { arn } = await call("ivschat", "CreateRoom", JSON.parse(place), name ? { name } : {});
      location.hash = `#/${arn}`;
    },
  });
}

/** Read again what was said in a room, if it is open; once at a time, and once more when something came meanwhile. */
export async function readTranscript(roomArn) {
  if (roomArn !== state.route) return;
  if (open.arn !== roomArn) Object.assign(open, { arn: roomArn, frames: [], connections: [] });
  open.isOld = true;
  if (open.isLoading) return;
  open.isLoading = true;
  try {
    while (open.isOld) {
      open.isOld = false;
      const arn = open.arn;
      const { frames, connections } = await control("GET", `chat/rooms/${encodeURIComponent(arn)}/transcript`);
      if (open.arn === arn) Object.assign(open, { frames, connections });
    }
  } catch (error) {
    if (!(error instanceof Refused)) throw error; // otherwise room or server are gone, which the page says anyway
  } finally {
    open.isLoading = false;
  }
  change();
}

/** The page of a room. */
export function roomPage(room) {
  const { frames, connections } = open.arn === room.arn ? open : { frames: [], connections: [] };
  return [
    title(
      nameOf(room),
      h("span", { class: connections.length ? "state on" : "state" }, plural(connections.length, "connection")),
      h("span", { class: "quiet" }, placeName(room.place)),
    ),
    h("div", { class: "room", key: room.arn }, talk(room, frames), people(room, connections)),
    block(
      "Room",
      facts([["ARN", copyable(room.arn, "the ARN")]]),
      members(room.answer, "arn", "name", "id"),
      asJson(room.answer, "As GetRoom answers"),
    ),
  ];
}

function talk(room, frames) {
  const me = memberOf(room.arn);
  const deleted = new Map();
  for (const frame of frames) {
    if (frame.EventName === "aws:DELETE_MESSAGE") deleted.set(frame.Attributes.MessageID, frame.Attributes.Reason);
  }
  return h(
    "section",
    { class: "talk", "aria-label": "Transcript" },
    h(
      "ol",
      { class: "transcript", role: "log", "aria-live": "polite", tabindex: "0", "aria-label": "Messages" },
      frames.length === 0 && h("li", { class: "empty", key: "none" }, "Nobody has said anything yet."),
      frames
        .slice(-MOST_SHOWN)
        .map((frame) => (frame.Type === "MESSAGE" ? said(room, me, frame, deleted) : told(frame))),
    ),
    me ? speaking(room, me) : joining(room),
  );
}

function said(room, me, { Id, SendTime, Sender, Content }, deleted) {
  const isDeleted = deleted.has(Id);
  const remove = doing(() =>
    me
      ? send(room.arn, "DELETE_MESSAGE", { Id })
      : call("ivschat", "DeleteMessage", room.place, { roomIdentifier: room.arn, id: Id }),
  );
  return h(
    "li",
    { key: Id, class: isDeleted ? "deleted" : "" },
    h("time", { datetime: SendTime, title: SendTime }, timeOf(SendTime)),
    h(
      "p",
      {},
      h("span", { class: me?.userId === Sender.UserId ? "who me" : "who" }, Sender.UserId),
      h("span", { class: "said" }, Content),
      isDeleted && h("span", { class: "told" }, ` deleted${deleted.get(Id) ? `: ${deleted.get(Id)}` : ""}`),
    ),
    !isDeleted && h("button", { class: "plain", "aria-label": `Delete “${Content}”`, onclick: remove }, "Delete"),
  );
}

function told({ Id, SendTime, EventName, Attributes }) {
  const shown = Object.entries(Attributes ?? {}).filter(([name]) => name !== "MessageID"); // deprecated for MessageId
  const text = shown.map(([name, value]) => `${name} ${value}`);
  return h(
    "li",
    { key: Id, class: "told" },
    h("time", { datetime: SendTime, title: SendTime }, timeOf(SendTime)),
    h("p", {}, h("code", {}, EventName), ` ${text.join(", ")}`),
  );
}

function joining(room) {
  const perform = ({ target }) => {
    const given = new FormData(target);
    return join(room, given.get("userId"), given.getAll("capability"), () => readTranscript(room.arn));
  };
  return h(
    "form",
    { class: "composer", key: "joining", onsubmit: doing(perform) },
    h(
      "div",
      { class: "row" },
      h("label", { class: "hidden-label", for: "user-id" }, "User"),
      h("input", {
        id: "user-id",
        class: "grow",
        name: "userId",
        required: true,
        maxlength: "128",
        placeholder: "Join as… a user’s id",
        autocomplete: "off",
      }),
      h("button", { class: "primary" }, "Join"),
    ),
    h(
      "fieldset",
      { class: "row" },
      h("legend", { class: "hidden-label" }, "Capabilities"),
      Object.entries(CAPABILITIES).map(([capability, label]) =>
        h(
          "label",
          { class: "check" },
          h("input", {
            type: "checkbox",
            name: "capability",
            value: capability,
            checked: capability === "SEND_MESSAGE",
          }),
          label,
        ),
      ),
    ),
  );
}

function speaking(room, me) {
  const say = ({ target }) => {
    const { content } = target.elements;
    send(room.arn, "SEND_MESSAGE", { Content: content.value });
    content.value = "";
  };
  const may = me.capabilities.map((capability) => CAPABILITIES[capability].toLowerCase());
  return h(
    "form",
    { class: "composer", key: "speaking", onsubmit: doing(say) },
    h(
      "div",
      { class: "row" },
      h("label", { class: "hidden-label", for: "content" }, "Message"),
      h("input", {
        id: "content",
        class: "grow",
        name: "content",
        required: true,
        placeholder: "Say something",
        autocomplete: "off",
      }),
      h("button", { class: "primary" }, "Send"),
    ),
    h(
      "div",
      { class: "row small" },
      h(
        "span",
        { class: "quiet grow" },
        "You are ",
        h("strong", {}, me.userId),
        ` and may ${may.length ? may.join(", ") : "read"}.`,
      ),
      h("button", { type: "button", class: "plain", onclick: () => leave(room.arn) }, "Leave"),
    ),
  );
}

function people(room, connections) {
  const me = memberOf(room.arn);
  const disconnect = (userId) =>
    doing(() =>
      me
        ? send(room.arn, "DISCONNECT_USER", { UserId: userId })
        : call("ivschat", "DisconnectUser", room.place, { roomIdentifier: room.arn, userId }),
    );
  return h(
    "section",
    { class: "people" },
    h("h2", {}, "Connected"),
    connections.length === 0 && h("p", { class: "small quiet" }, "Nobody."),
    h(
      "ul",
      {},
      connections.map(({ id, userId, capabilities }) =>
        h(
          "li",
          { key: id },
          h("span", { class: "name", title: capabilities.join(", ") }, userId),
          h(
            "button",
            { class: "plain", "aria-label": `Disconnect ${userId}`, onclick: disconnect(userId) },
            "Disconnect",
          ),
        ),
      ),
    ),
    h(
      "p",
      { class: "small quiet" },
      me ? "You moderate with your own capabilities." : "You moderate as a back end would, through the API.",
    ),
  );
}
