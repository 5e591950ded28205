/** Stream sessions, each as a strip of time and a line of events. */

import { h } from "./dom.js";
import { between, dateOf, plural, timeOf } from "./format.js";
import { asJson, block } from "./parts.js";
import { now } from "./state.js";

const GOOD = new Set(["Session Created", "Stream Start", "Starvation End", "Recording Start", "Ad Break Start"]);
const BAD = /Fail|Starvation Start|Breach|Ingest|Concurrent|Takeover/;

/** The sessions of a channel, the latest open. */
export function sessionsOf(channel) {
  return block(
    "Stream sessions",
    channel.streamSessions.length === 0 && h("p", { class: "empty" }, "It was never live."),
    channel.streamSessions.map((session, index) => sessionOf(session, index === 0)),
  );
}

function sessionOf(session, isOpen) {
  const { streamId, startTime, endTime } = session;
  const events = [...session.truncatedEvents].reverse();
  return h(
    "details",
    { class: "session", key: streamId, open: isOpen },
    h(
      "summary",
      {},
      h("span", {}, dateOf(startTime)),
      h("span", { class: "quiet" }, between(startTime, endTime ?? now())),
      endTime ? h("span", { class: "state" }, "ended") : h("span", { class: "state on" }, "now"),
      h("code", { class: "id" }, streamId),
    ),
    strip(session),
    h(
      "ol",
      { class: "timeline" },
      events.map((event, index) =>
        h(
          "li",
          { key: index, class: GOOD.has(event.name) ? "good" : BAD.test(`${event.name} ${event.type}`) ? "bad" : "" },
          h("time", { datetime: event.eventTime }, timeOf(event.eventTime)),
          h("span", { class: "quiet since" }, `+${between(startTime, event.eventTime)}`),
          h("span", {}, event.name, event.code && h("span", { class: "quiet" }, ` ${event.code}`)),
        ),
      ),
    ),
    asJson(session, "As GetStreamSession answers"),
  );
}

/** The time of a session, and in it when there was no data. */
function strip(session) {
  const gaps = starvations(session);
  const label = gaps.length ? `Without data ${plural(gaps.length, "time")}` : "Data all the time";
  return h(
    "div",
    { class: session.endTime ? "strip ended" : "strip", role: "img", "aria-label": label },
    gaps.map(({ left, width }) => h("i", { style: { left: `${left}%`, width: `${width}%` } })),
  );
}

/** When there was no data, in percent of the session. */
function starvations(session) {
  const begin = Date.parse(session.startTime);
  const end = session.endTime ? Date.parse(session.endTime) : now();
  const share = (moment) => Math.min(100, Math.max(0, ((moment - begin) / Math.max(1, end - begin)) * 100));
  const found = [];
  let since = null;
  for (const event of [...session.truncatedEvents].reverse()) {
    if (event.name === "Starvation Start") since = share(Date.parse(event.eventTime));
    if (event.name === "Starvation End" && since !== null) {
      found.push({ left: since, width: share(Date.parse(event.eventTime)) - since });
      since = null;
    }
  }
  if (since !== null) found.push({ left: since, width: 100 - since });
  return found;
}
