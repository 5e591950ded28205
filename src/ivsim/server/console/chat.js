/** This page as a chat client: a token from CreateChatToken, a WebSocket, and the actions of the Messaging API. */

import { call, Refused } from "./api.js";
import { notify } from "./dialogs.js";
import { change } from "./state.js";

/** @type {Map<string, {userId: string, capabilities: string[], socket: WebSocket}>} by the room's ARN */
const joined = new Map();

/** Who this page is in a room, undefined while it has not joined. */
export function memberOf(roomArn) {
  return joined.get(roomArn);
}

/**
 * Join a room, and have a function called when something happens there. Throws Refused when there is no token, or the
 * socket is not let in.
 */
export async function join(room, userId, capabilities, onNews) {
  const params = { roomIdentifier: room.arn, userId, capabilities };
  const { token } = await call("ivschat", "CreateChatToken", room.place, params);
  const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/`, token);
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Refused("The room did not let you in."));
  });
  joined.set(room.arn, { userId, capabilities, socket });
  socket.onerror = null;
  socket.onmessage = ({ data }) => {
    const frame = JSON.parse(data);
    if (frame.Type === "ERROR") notify(`${frame.ErrorCode}: ${frame.ErrorMessage}`);
    else onNews();
  };
  socket.onclose = ({ reason }) => {
    if (joined.get(room.arn)?.socket !== socket) return;
    joined.delete(room.arn);
    notify(`The room closed your connection${reason ? `: ${reason}` : ""}.`);
    change();
  };
  onNews();
}

/** Leave a room. */
export function leave(roomArn) {
  const { socket } = joined.get(roomArn);
  joined.delete(roomArn);
  socket.close(1000);
  change();
}

/** Ask something of a room; what it thinks of it comes as a frame. */
export function send(roomArn, action, members) {
  joined.get(roomArn).socket.send(JSON.stringify({ Action: action, RequestId: requestId(), ...members }));
}

function requestId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
