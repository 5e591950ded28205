/** Rules: which events go to which programs, and what has become of those on their way. */

import { spoken } from "./activity.js";
import { control } from "./api.js";
import { h } from "./dom.js";
import { eventNameOf, plural, timeOf } from "./format.js";
import { facts, title } from "./parts.js";
import { change } from "./state.js";

const TARGETS = { lambda: "Lambda function", http: "HTTP endpoint", sqs: "SQS queue", eventbridge: "EventBridge bus" };

let rules = null;

/** Read the rules; the feed tells nothing of them. */
export async function readRules() {
  rules = await control("GET", "rules");
  change();
}

/** The page. */
export function rulesPage() {
  return [
    title("Rules", h("span", { class: "quiet" }, "Which events go to which programs, and which did not arrive.")),
    rules?.length === 0 && none(),
    rules?.map(rule),
  ];
}

function none() {
  return h(
    "div",
    { key: "none" },
    h("p", { class: "quiet" }, "There are none. Give the server a file of them when it starts:"),
    h("pre", { class: "spaced" }, "ivsim serve --rules rules.json"),
  );
}

function rule({ name, pattern, target, delivered, waiting, lastFailure, retrying, undelivered }) {
  const [state, words] = stateOf(delivered, waiting, retrying, undelivered);
  return h(
    "section",
    { class: "block", key: `rule ${name}` },
    h("div", { class: "block-head" }, h("h2", {}, name), h("span", { class: `small state ${state}` }, words)),
    facts([
      ["Target", h("span", {}, TARGETS[target.type], " ", h("code", {}, target.url ?? target.queueUrl ?? target.eventBus))],
      ["Endpoint", target.endpoint && h("code", {}, target.endpoint)],
      ["Message group", target.messageGroupId && h("code", {}, target.messageGroupId)],
      ["Pattern", h("code", {}, JSON.stringify(pattern))],
      ["Delivered", delivered.toLocaleString("en-GB")],
      ["Waiting", waiting.toLocaleString("en-GB")],
      ["Last failure", retrying.length + undelivered.length === 0 && lastFailure],
    ]),
    eventList("Sent again", retrying, ({ attempts, seconds }) =>
      [plural(attempts, "attempt"), seconds > 0 ? `next in ${Math.ceil(seconds)} s` : "under way"].join(", "),
    ),
    eventList("Did not arrive", [...undelivered].reverse(), ({ attempts }) => plural(attempts, "attempt")),
  );
}

function stateOf(delivered, waiting, retrying, undelivered) {
  if (undelivered.length) return ["lost", `${undelivered.length.toLocaleString("en-GB")} did not arrive`];
  if (retrying.length) return ["starving", `${plural(retrying.length, "event")} sent again`];
  if (waiting) return ["on", `${plural(waiting, "event")} on the way`];
  return delivered ? ["on", "all arrived"] : ["", "no event yet"];
}

function eventList(heading, events, progress) {
  if (events.length === 0) return null;
  const counts = new Map();
  const keyOf = ({ id }) => {
    counts.set(id, (counts.get(id) ?? 0) + 1); // one that was doubled comes twice
    return `${id} ${counts.get(id)}`;
  };
  return h(
    "div",
    { key: heading, class: "spaced" },
    h("h3", {}, heading),
    h(
      "ul",
      { class: "sent" },
      events.map((each) =>
        h(
          "li",
          { key: keyOf(each.event) },
          eventDetails(each.event, progress(each), each.reason),
        ),
      ),
    ),
  );
}

/** An event, what became of it, and why; opened, it is there as JSON. */
export function eventDetails(event, what, reason) {
  return h(
    "details",
    {},
    h(
      "summary",
      {},
      h("time", { datetime: event.time, title: event.time }, timeOf(event.time)),
      h(
        "span",
        {},
        h("span", { class: "what" }, eventNameOf(event)),
        " ",
        h("span", { class: "quiet" }, event.resources.map(spoken).join(", ")),
      ),
      h("span", { class: "quiet" }, what),
      reason && h("span", { class: "alarm reason" }, reason),
    ),
    h("pre", { tabindex: "0" }, JSON.stringify(event, null, 2)),
  );
}
