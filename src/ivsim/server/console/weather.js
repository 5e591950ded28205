/** Events on their way: what is to become of them, and what became of the newest. */

import { control } from "./api.js";
import { doing } from "./dialogs.js";
import { h } from "./dom.js";
import { block, field } from "./parts.js";
import { eventDetails } from "./rules.js";
import { change } from "./state.js";

const WAYS = {
  lost: "Lost",
  doubled: "Twice",
  delayed: "Late",
  swapped: "After the next",
};

let there = { disturbances: [], weather: null, disturbed: [] };

/** Read what is wanted of events, and what became of them; the feed tells nothing of it. */
export async function readWeather() {
  there = await control("GET", "disturbances");
  change();
}

/** A part of a page. */
export function weatherBlock() {
  return block("Events on their way", wanted(), addDisturbance(), weather(), disturbed());
}

function wanted() {
  const { disturbances } = there;
  if (disturbances.length === 0) return h("p", { class: "small quiet", key: "none" }, "Nothing is wanted of events to come.");
  return h(
    "div",
    { key: "wanted" },
    h(
      "ul",
      { class: "small" },
      disturbances.map(({ way, pattern, left, seconds }) =>
        h(
          "li",
          {},
          `${WAYS[way]}${delayOf(way, seconds)}, ${left === null ? "every time" : `${left} more`}: `,
          Object.keys(pattern).length ? h("code", {}, JSON.stringify(pattern)) : "any event",
        ),
      ),
    ),
    h(
      "div",
      { class: "row spaced" },
      h("button", { onclick: doing(() => changing(control("DELETE", "disturbances"))) }, "Clear disturbances"),
    ),
  );
}

function delayOf(way, seconds) {
  return way === "delayed" ? ` by ${seconds} s` : "";
}

function addDisturbance() {
  const add = ({ target }) => {
    const { way, event, type, resource, times, seconds } = Object.fromEntries(new FormData(target));
    const pattern = {
      ...(type && { "detail-type": [type] }),
      ...(resource && { resources: [resource] }),
      ...(event && { detail: { event_name: [event] } }),
    };
    return changing(
      control("POST", "disturbances", {
        way,
        pattern: Object.keys(pattern).length ? pattern : null,
        times: Number(times),
        seconds: Number(seconds),
      }),
    );
  };
  return h(
    "form",
    { class: "row spaced", key: "add", onsubmit: doing(add) },
    field(
      "Arrives",
      h(
        "select",
        { name: "way" },
        Object.entries(WAYS).map(([value, words]) => h("option", { value }, words)),
      ),
    ),
    field("Event name", text("event", "Stream Start")),
    field("Detail type", text("type", "IVS Stream State Change")),
    field("Resource", text("resource", "any ARN")),
    field("How often", h("input", { name: "times", type: "number", min: "1", value: "1", required: true })),
    field(
      "Delay (s)",
      h("input", { name: "seconds", type: "number", min: "0", step: "any", value: "30", required: true }),
    ),
    h("button", { class: "low" }, "Disturb"),
  );
}

function text(name, placeholder) {
  return h("input", { name, placeholder, autocomplete: "off" });
}

function weather() {
  const set = (seed) => changing(control("PUT", "event-weather", { seed }));
  return h(
    "form",
    { class: "row spaced", key: "weather", onsubmit: doing(({ target }) => set(target.elements.seed.value)) },
    field(
      "Weather by seed",
      h("input", { name: "seed", value: there.weather ?? "", required: true, placeholder: "fair", autocomplete: "off" }),
    ),
    h("button", { class: "low" }, "Set"),
    there.weather !== null &&
      h("button", { class: "low", type: "button", onclick: doing(() => set(null)) }, "Fair weather"),
    h("span", { class: "small quiet note" }, "One event in eight or so is lost, doubled, late or swapped."),
  );
}

function disturbed() {
  if (there.disturbed.length === 0) return null;
  return h(
    "div",
    { class: "spaced", key: "disturbed" },
    h("h3", {}, "Disturbed, the newest first"),
    h(
      "ul",
      { class: "sent" },
      [...there.disturbed]
        .reverse()
        .map(({ way, seconds, event }) =>
          h("li", { key: event.id }, eventDetails(event, `${WAYS[way]}${delayOf(way, seconds)}`)),
        ),
    ),
  );
}

async function changing(request) {
  await request;
  await readWeather();
}
