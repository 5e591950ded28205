/** Sessions of a stage: a strip of time for each who was there, and what happened. */

import { h } from "./dom.js";
import { plural } from "./format.js";
import { asJson, block } from "./parts.js";
import { part, sessionOf, shareOf } from "./sessions.js";

const MOST_LANES = 16;
const GOOD = new Set(["JOINED", "PUBLISH_STARTED", "SUBSCRIBE_STARTED", "REPLICATION_STARTED"]);

/** The sessions of a stage, the latest open. */
export function stageSessionsOf(stage) {
  return block(
    "Stage sessions",
    stage.stageSessions.length === 0 && h("p", { class: "empty" }, "Nobody was ever here."),
    stage.stageSessions.map(({ events: newestFirst, ...session }, index) => {
      const events = [...newestFirst].reverse();
      return sessionOf({
        id: session.sessionId,
        session,
        isOpen: index === 0,
        strips: lanesOf(session, events),
        events: events.map((event) => ({
          time: event.eventTime,
          mood: event.name.endsWith("ERROR") ? "bad" : GOOD.has(event.name) ? "good" : "",
          text: [h("span", {}, event.name), " ", h("span", { class: "quiet" }, aboutOf(event))],
        })),
        answer: asJson(session, "As GetStageSession answers"),
      });
    }),
  );
}

function aboutOf({ userId, participantId, remoteUserId, remoteParticipantId, errorCode }) {
  const remote = remoteUserId ?? remoteParticipantId;
  return [userId ?? participantId, remote && `→ ${remote}`, errorCode].filter(Boolean).join(" ");
}

/** A lane for each participant: when it was there, and in that when it published; of many those who published. */
function lanesOf(session, events) {
  const lanes = new Map();
  for (const event of events) {
    const { participantId, userId } = event;
    if (!lanes.has(participantId)) lanes.set(participantId, { participantId, userId, events: [] });
    lanes.get(participantId).events.push(event);
  }
  const all = [...lanes.values()].map((lane) => ({
    ...lane,
    there: spans(session, lane.events, "JOINED", "LEFT"),
    published: spans(session, lane.events, "PUBLISH_STARTED", "PUBLISH_STOPPED"),
    failed: lane.events.filter((event) => event.name === "PUBLISH_ERROR"),
  }));
  const first = [...all].sort((one, other) => (other.published.length > 0) - (one.published.length > 0));
  return h("ul", { class: "lanes" }, first.slice(0, MOST_LANES).map((lane) => laneOf(session, lane)));
}

function laneOf(session, { participantId, userId, there, published, failed }) {
  const name = userId ?? participantId;
  const share = shareOf(session);
  const label = published.length ? `${name} published ${plural(published.length, "time")}` : `${name} published nothing`;
  return h(
    "li",
    { key: participantId },
    h("span", { class: "name", title: participantId }, name),
    h(
      "div",
      { class: session.endTime ? "strip lane ended" : "strip lane", role: "img", "aria-label": label },
      there.map(([from, to]) => part(from, to, { class: "there" })),
      published.map(([from, to]) => part(from, to, { class: "sent" })),
      failed.map((event) => part(share(event.eventTime), share(event.eventTime), { class: "failed" })),
    ),
  );
}

/** From when to when something was so, in percent of the session; what has no beginning began before these events. */
function spans(session, events, begin, end) {
  const share = shareOf(session);
  const found = [];
  let since = null;
  for (const { name, eventTime } of events) {
    if (name === begin) since ??= share(eventTime);
    if (name !== end) continue;
    if (since !== null || found.length === 0) found.push([since ?? 0, share(eventTime)]);
    since = null;
  }
  if (since !== null) found.push([since, 100]);
  return found;
}
