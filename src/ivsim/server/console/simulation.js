/** What only an emulator has: a clock to stop and to move, faults on demand, events that get lost, quotas to change. */

import { control } from "./api.js";
import { doing } from "./dialogs.js";
import { h } from "./dom.js";
import { dateOf } from "./format.js";
import { block, field, title } from "./parts.js";
import { change, now, state } from "./state.js";
import { readWeather, weatherBlock } from "./weather.js";

const STEPS = { "30 seconds": 30, "1 minute": 60, "1 hour": 3600, "1 day": 86400 };

let faults = { faults: [], latencies: {} };
let quotas = {};

/** Read faults, quotas and what is wanted of events; none of them is told by the feed. */
export async function readSimulation() {
  [faults, quotas] = await Promise.all([control("GET", "faults"), control("GET", "quotas"), readWeather()]);
  change();
}

/** The page. */
export function simulationPage() {
  return [
    title("Clock, faults, quotas"),
    block("Clock", clock()),
    block("Faults", pending(), addFault()),
    weatherBlock(),
    block("Quotas", quotaList()),
  ];
}

function clock() {
  const { frozen } = state.clock;
  const move = (path, body) => doing(() => setClock(path, body));
  const advance = ({ target }) => setClock("advance", { seconds: Number(target.elements.seconds.value) });
  return [
    h(
      "p",
      { class: "row" },
      h("span", { class: frozen ? "state" : "state on" }, frozen ? "frozen" : "running"),
      h("span", {}, dateOf(now())),
    ),
    h(
      "div",
      { class: "row spaced" },
      h("button", { onclick: move(frozen ? "unfreeze" : "freeze", {}) }, frozen ? "Let it run" : "Freeze"),
      Object.entries(STEPS).map(([label, seconds]) =>
        h("button", { onclick: move("advance", { seconds }) }, `+ ${label}`),
      ),
      h(
        "form",
        { class: "row", onsubmit: doing(advance) },
        h("label", { class: "hidden-label", for: "seconds" }, "Seconds"),
        h("input", {
          id: "seconds",
          name: "seconds",
          type: "number",
          min: "0",
          step: "any",
          placeholder: "seconds",
          required: true,
        }),
        h("button", {}, "Advance"),
      ),
    ),
  ];
}

async function setClock(path, body) {
  const clock = await control("POST", `clock/${path}`, body);
  change({ clock: { now: Date.parse(clock.now), frozen: clock.frozen, toldAt: performance.now() } });
}

function pending() {
  const slow = Object.entries(faults.latencies);
  if (faults.faults.length + slow.length === 0) return h("p", { class: "small quiet" }, "Nothing is to go wrong.");
  return [
    h(
      "ul",
      { class: "small" },
      faults.faults.map(({ operations, errorCode, left }) =>
        h(
          "li",
          {},
          h("code", {}, operations.join(", ")),
          " fails with ",
          h("code", {}, errorCode),
          left === null ? ", every time" : `, ${left} more`,
        ),
      ),
      slow.map(([operation, seconds]) => h("li", {}, h("code", {}, operation), ` takes ${seconds} s`)),
    ),
    h(
      "div",
      { class: "row spaced" },
      h("button", { onclick: doing(() => changing(control("DELETE", "faults"))) }, "Clear all"),
    ),
  ];
}

function addFault() {
  const add = ({ target }) => {
    const { operation, errorCode, times } = Object.fromEntries(new FormData(target));
    return changing(control("POST", "faults", { operation, errorCode, times: Number(times) }));
  };
  return h(
    "form",
    { class: "row spaced", onsubmit: doing(add) },
    field(
      "Operation",
      h("input", { name: "operation", required: true, placeholder: "CreateChannel", autocomplete: "off" }),
    ),
    field(
      "Error",
      h("input", { name: "errorCode", required: true, placeholder: "ThrottlingException", autocomplete: "off" }),
    ),
    field("Times", h("input", { name: "times", type: "number", min: "1", value: "1", required: true })),
    h("button", { class: "low" }, "Let it fail"),
  );
}

function quotaList() {
  const set =
    (name) =>
    ({ target }) =>
      changing(control("PATCH", "quotas", { [name]: Number(target.value) }));
  return h(
    "ul",
    { class: "quotas" },
    Object.entries(quotas).map(([name, value]) =>
      h(
        "li",
        { key: name },
        h(
          "label",
          {},
          h("span", {}, name),
          h("input", { type: "number", min: "0", value: String(value), onchange: doing(set(name)) }),
        ),
      ),
    ),
  );
}

async function changing(request) {
  await request;
  await readSimulation();
}
