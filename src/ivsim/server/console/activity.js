/** API calls, EventBridge events and hints as they happen: to filter, to stop for reading, to open. */

import { h } from "./dom.js";
import { arnOf, eventNameOf, timeOf } from "./format.js";
import { change, state } from "./state.js";

/** How many entries the pane has at most, and so how many calls and events it asks for. */
export const MOST_KEPT = 500;

const KINDS = { call: "Calls", event: "Events", hint: "Hints" };

const ABOUT = { call: aboutCall, event: aboutEvent, hint: aboutHint };

const view = { text: "", kinds: new Set(Object.keys(KINDS)), isPaused: false };

/** What there is, newest first; what came while paused waits. */
let entries = [];
let waiting = [];
let serial = 0;

/** Forget everything, and begin with what happened already; events, which tell no more than the second, after calls. */
export function begin(calls, events, hints) {
  entries = [];
  waiting = [];
  const happened = [
    ...calls.map((call) => ["call", call, secondOf(call.at)]),
    ...events.map((event) => ["event", event, secondOf(event.time)]),
    ...hints.map((hint) => ["hint", hint, secondOf(hint.at)]),
  ];
  happened.sort((one, other) => one[2] - other[2]).forEach(([kind, body]) => add(kind, body));
}

function secondOf(moment) {
  return Math.floor(new Date(moment ?? 0) / 1000);
}

/** Add what happened. */
export function add(kind, body) {
  const entry = { id: serial++, kind, ...ABOUT[kind](body) };
  entry.json = JSON.stringify(body, null, 2);
  entry.text = entry.json.toLowerCase();
  if (view.isPaused) waiting = [entry, ...waiting].slice(0, MOST_KEPT);
  else entries = [entry, ...entries].slice(0, MOST_KEPT);
  change();
}

function aboutCall({ at, operation, params, status, error, region }) {
  const subject = Object.values(params).find((value) => typeof value === "string" && value);
  return { at, what: operation || "unknown operation", about: [error, subject, region], status, isBad: status >= 400 };
}

function aboutEvent(event) {
  const type = event["detail-type"];
  const what = eventNameOf(event);
  return {
    at: event.time,
    what,
    about: [type, event.resources[0]],
    isBad: /Fail|Starvation Start|Breach/.test(`${what} ${type}`),
  };
}

function aboutHint({ at, topic, text }) {
  return { at, what: text, about: [topic], isBad: true };
}

/** What people call something that may be an ARN. */
export function spoken(text) {
  if (!text.startsWith("arn:")) return text;
  return state.inventory?.byArn.get(text)?.name || arnOf(text).id || text;
}

/** The pane. */
export function activityPane() {
  const wanted = view.text.toLowerCase().split(/\s+/);
  const shown = entries.filter(({ kind, text }) => view.kinds.has(kind) && wanted.every((word) => text.includes(word)));
  return [
    h(
      "header",
      { key: "header" },
      h(
        "div",
        { class: "row" },
        h("h2", {}, "Activity"),
        Object.entries(KINDS).map(([kind, label]) =>
          h("button", { key: kind, "aria-pressed": String(view.kinds.has(kind)), onclick: () => toggle(kind) }, label),
        ),
        h(
          "button",
          { key: "pause", "aria-pressed": String(view.isPaused), onclick: pause },
          view.isPaused ? `Resume (${waiting.length})` : "Pause",
        ),
      ),
      h("label", { class: "hidden-label", for: "filter" }, "Filter"),
      h("input", {
        id: "filter",
        type: "search",
        placeholder: "Filter by any text in it",
        autocomplete: "off",
        oninput: filter,
      }),
    ),
    h(
      "ol",
      { key: "entries", tabindex: "0", "aria-label": "Calls, events and hints, newest first" },
      shown.length === 0 &&
        h("li", { class: "empty", key: "none" }, entries.length ? "Nothing matches." : "Nothing has happened yet."),
      shown.map(entryOf),
    ),
  ];
}

function entryOf({ id, kind, at, what, about, status, isBad, json }) {
  return h(
    "li",
    { key: id, "data-kind": kind },
    h(
      "details",
      {},
      h(
        "summary",
        {},
        h("time", at ? { datetime: at, title: at } : {}, at ? timeOf(at) : "–"),
        h("span", { class: `kind ${kind}` }, kind === "call" ? (status ?? kind) : kind),
        h("span", { class: isBad ? "what alarm" : "what" }, what),
        h("span", { class: "about" }, about.filter(Boolean).map(spoken).join(" · ")),
      ),
      h("pre", {}, json),
    ),
  );
}

function toggle(kind) {
  if (!view.kinds.delete(kind)) view.kinds.add(kind);
  change();
}

function pause() {
  view.isPaused = !view.isPaused;
  if (!view.isPaused) {
    entries = [...waiting, ...entries].slice(0, MOST_KEPT);
    waiting = [];
  }
  change();
}

function filter({ target }) {
  view.text = target.value;
  change();
}
