/** Sessions, of streams and of stages, each as a strip of time and a line of events. */

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
    channel.streamSessions.map((session, index) =>
      sessionOf({
        id: session.streamId,
        session,
        isOpen: index === 0,
        strips: strip(session),
        events: [...session.truncatedEvents].reverse().map((event) => ({
          time: event.eventTime,
          mood: GOOD.has(event.name) ? "good" : BAD.test(`${event.name} ${event.type}`) ? "bad" : "",
          text: [event.name, event.code && h("span", { class: "quiet" }, ` ${event.code}`)],
        })),
        answer: asJson(session, "As GetStreamSession answers"),
      }),
    ),
  );
}

/**
 * A session: when it was and for how long, its strips of time, its events, and all of it.
 *
 * @param {object} about
 * @param {string} about.id
 * @param {{startTime: string, endTime?: string}} about.session
 * @param {boolean} about.isOpen whether all of it is shown at first
 * @param {import("./dom.js").Child} about.strips
 * @param {{time: string, mood: "good" | "bad" | "", text: import("./dom.js").Child}[]} about.events the oldest first
 * @param {import("./dom.js").Child} about.answer
 */
export function sessionOf({ id, session: { startTime, endTime }, isOpen, strips, events, answer }) {
  return h(
    "details",
    { class: "session", key: id, open: isOpen },
    h(
      "summary",
      {},
      h("span", {}, dateOf(startTime)),
      h("span", { class: "quiet" }, between(startTime, endTime ?? now())),
      endTime ? h("span", { class: "state" }, "ended") : h("span", { class: "state on" }, "now"),
      h("code", { class: "id" }, id),
    ),
    strips,
    h(
      "ol",
      { class: "timeline" },
      events.map(({ time, mood, text }, index) =>
        h(
          "li",
          { key: index, class: mood },
          h("time", { datetime: time }, timeOf(time)),
          h("span", { class: "quiet since" }, `+${between(startTime, time)}`),
          h("span", {}, text),
        ),
      ),
    ),
    answer,
  );
}

/** A function that tells at which share of a session, in percent, a moment is. */
export function shareOf({ startTime, endTime }) {
  const begin = Date.parse(startTime);
  const end = endTime ? Date.parse(endTime) : now();
  return (moment) => Math.min(100, Math.max(0, ((Date.parse(moment) - begin) / Math.max(1, end - begin)) * 100));
}

/** A part of a strip, from one share of it to another, in percent. */
export function part(from, to, props = {}) {
  return h("i", { ...props, style: { left: `${from}%`, width: `${to - from}%` } });
}

/** The time of a session, and in it when there was no data. */
function strip(session) {
  const gaps = starvations(session);
  const label = gaps.length ? `Without data ${plural(gaps.length, "time")}` : "Data all the time";
  return h(
    "div",
    { class: session.endTime ? "strip ended" : "strip", role: "img", "aria-label": label },
    gaps.map(([from, to]) => part(from, to)),
  );
}

/** When there was no data, in percent of the session. */
function starvations(session) {
  const share = shareOf(session);
  const found = [];
  let since = null;
  for (const event of [...session.truncatedEvents].reverse()) {
    if (event.name === "Starvation Start") since = share(event.eventTime);
    if (event.name === "Starvation End" && since !== null) {
      found.push([since, share(event.eventTime)]);
      since = null;
    }
  }
  if (since !== null) found.push([since, 100]);
  return found;
}
