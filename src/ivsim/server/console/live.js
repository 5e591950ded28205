/**
 * The line to the server. The feed tells that something happened; what there is then is read anew, and every second, as
 * not everything makes a call or an event: who is connected, how many watch, what time it is. One reading at a time, and
 * so many that the server has time for others.
 */

import { add, begin, MOST_KEPT } from "./activity.js";
import { control, onAction, readOverview, Refused } from "./api.js";
import { arnOf } from "./format.js";
import { inventoryOf } from "./inventory.js";
import { readTranscript } from "./rooms.js";
import { readRules } from "./rules.js";
import { change, state } from "./state.js";
import { readWeather } from "./weather.js";

const RETRY_MILLISECONDS = 1000;
const READ_MILLISECONDS = 1000;
const SHARE_OF_READING = 5;
const REST_MILLISECONDS = 100;

let isReading = false;
let isOld = false;
let shown = null;

/** Follow the server, for as long as the page is there; one that went away is asked for until it is back. */
export function follow() {
  onAction(refresh);
  setInterval(() => document.hidden || refresh(), READ_MILLISECONDS);
  connect();
}

function connect() {
  const feed = new EventSource("/_ivsim/feed");
  let started;
  let isOver = false;
  const again = (error) => {
    if (isOver) return;
    isOver = true;
    feed.close();
    change({ connection: "lost" });
    setTimeout(connect, RETRY_MILLISECONDS);
    if (error && !(error instanceof Refused)) throw error;
  };
  feed.onopen = () => {
    started = start();
    started.catch(again);
  };
  feed.onerror = () => again();
  ["call", "event", "hint"].forEach((kind, index) => {
    feed.addEventListener(kind, async ({ data, lastEventId }) => {
      const listed = await started;
      if (Number(lastEventId.split("-")[index]) <= listed[index]) return;
      add(kind, JSON.parse(data));
      refresh();
    });
  });
  feed.addEventListener("frame", ({ data }) => readTranscript(JSON.parse(data).roomArn));
  feed.addEventListener("reset", async () => {
    (await started).fill(0);
    begin([], [], []);
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
    } catch (error) {
      if (!(error instanceof Refused)) throw error; // otherwise the server is gone, as the feed will notice
    }
    const rest = Math.max(REST_MILLISECONDS, (performance.now() - began) * SHARE_OF_READING);
    await new Promise((resolve) => setTimeout(resolve, rest));
  }
  isReading = false;
}

/** Read what happened last; return up to which call, event and hint that is, as the feed may tell of the last ones too. */
async function start() {
  const [health, { calls, after: lastCall }, { events, after: lastEvent }, { hints, after: lastHint }] = await Promise.all(
    ["health", `calls?limit=${MOST_KEPT}`, `events?limit=${MOST_KEPT}`, "hints"].map((path) => control("GET", path)),
  );
  begin(calls, events, hints);
  const { version, accountId, region, rtmpUrl } = health;
  change({ version, rtmpUrl, home: { account: accountId, region } });
  await read();
  change({ connection: "connected" });
  return [lastCall, lastEvent, lastHint];
}

async function read() {
  const asked = performance.now();
  const [overview, clock] = await Promise.all([readOverview(), control("GET", "clock")]);
  if (overview !== shown) change({ inventory: inventoryOf(overview) });
  shown = overview;
  change({
    clock: { now: Date.parse(clock.now), frozen: clock.frozen, toldAt: (asked + performance.now()) / 2 },
  });
  if (state.route === "rules") await readRules();
  if (state.route === "simulation") await readWeather();
  if (state.route.startsWith("arn:") && arnOf(state.route).type === "room") readTranscript(state.route);
}
