/**
 * The line to the server. The feed tells that something happened; what there is then is read anew, and every second, as
 * not everything makes a call or an event: who is connected, how many watch, what time it is. One reading at a time, and
 * so many that the server has time for others.
 */

import { add, begin, stamp } from "./activity.js";
import { control, onAction } from "./api.js";
import { arnOf } from "./format.js";
import { inventoryOf } from "./inventory.js";
import { readTranscript } from "./rooms.js";
import { change, state } from "./state.js";

const RETRY_MILLISECONDS = 1000;
const READ_MILLISECONDS = 1000;
const SHARE_OF_READING = 5;

let isReading = false;
let isOld = false;

/** Follow the server, for as long as the page is there; one that went away is asked for until it is back. */
export function follow() {
  onAction(refresh);
  setInterval(() => document.hidden || refresh(), READ_MILLISECONDS);
  connect();
}

function connect() {
  const feed = new EventSource("/_ivsim/feed");
  feed.onopen = async () => {
    try {
      await start();
    } catch {
      feed.onerror();
    }
  };
  feed.onerror = () => {
    feed.close();
    change({ connection: "lost" });
    setTimeout(connect, RETRY_MILLISECONDS);
  };
  feed.addEventListener("call", ({ data }) => happened("call", JSON.parse(data)));
  feed.addEventListener("event", ({ data }) => happened("event", JSON.parse(data)));
  feed.addEventListener("frame", ({ data }) => {
    if (JSON.parse(data).roomArn === state.route) readTranscript(state.route);
  });
  feed.addEventListener("reset", () => {
    begin([], []);
    refresh();
  });
}

/** Read again what there is, soon. */
async function refresh() {
  isOld = true;
  if (isReading) return;
  isReading = true;
  while (isOld) {
    isOld = false;
    const began = performance.now();
    try {
      await read();
    } catch {
      break; // the feed notices that the server is gone, and says so
    }
    await new Promise((resolve) => setTimeout(resolve, (performance.now() - began) * SHARE_OF_READING));
  }
  isReading = false;
}

async function start() {
  const [health, events, calls] = await Promise.all(["health", "events", "calls"].map((path) => control("GET", path)));
  begin(calls.calls, events.events);
  change({ version: health.version, home: { account: health.accountId, region: health.region } });
  await read();
  change({ connection: "connected" });
}

function happened(kind, body) {
  add(kind, body);
  refresh();
}

async function read() {
  const asked = performance.now();
  const [overview, clock] = await Promise.all([control("GET", "overview"), control("GET", "clock")]);
  change({
    inventory: inventoryOf(overview),
    clock: { now: Date.parse(clock.now), frozen: clock.frozen, toldAt: (asked + performance.now()) / 2 },
  });
  stamp(clock.now);
  if (state.route.startsWith("arn:") && arnOf(state.route).type === "room") readTranscript(state.route);
}
