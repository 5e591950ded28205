/** Parts that several pages are made of. */

import { doing, notify } from "./dialogs.js";
import { h } from "./dom.js";
import { wordsOf } from "./format.js";
import { change } from "./state.js";

const shown = new Set();

/** The head of a page: what it is about, and a line about that. */
export function title(heading, ...line) {
  return h("header", { class: "title", key: "title" }, h("h1", {}, heading), h("p", { class: "facts-line" }, line));
}

/** A part of a page under a heading of its own. */
export function block(heading, ...content) {
  return h("section", { class: "block", key: heading }, h("h2", {}, heading), content);
}

/** A button that copies a text; not there where browsers have no clipboard for pages, as on another machine's HTTP. */
export function copyButton(text, what) {
  if (!navigator.clipboard) return null;
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    notify(`Copied ${what}.`);
  };
  return h("button", { class: "plain", "aria-label": `Copy ${what}`, onclick: doing(copy) }, "Copy");
}

/** A text in the typeface of code, with a button that copies it. */
export function copyable(text, what) {
  return [h("code", {}, text), copyButton(text, what)];
}

/** A text that is hidden until somebody asks for it; `id` tells which, as it stays shown. */
export function secret(id, text, what) {
  const isShown = shown.has(id);
  const toggle = () => {
    if (!shown.delete(id)) shown.add(id);
    change();
  };
  return [
    h("code", {}, isShown ? text : "•".repeat(12)),
    h("button", { class: "plain", "aria-pressed": String(isShown), onclick: toggle }, isShown ? "Hide" : "Show"),
    copyButton(text, what),
  ];
}

/** Names and values, side by side. A name whose value is missing or empty is left out. */
export function facts(pairs) {
  const given = pairs.filter(([, value]) => value !== undefined && value !== null && value !== false && value !== "");
  return h(
    "dl",
    { class: "facts" },
    given.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
  );
}

/** Everything that a resource has, whatever it is, but for some members. */
export function members(resource, ...without) {
  const others = Object.entries(resource).filter(([name]) => !without.includes(name));
  return facts(others.map(([name, value]) => [wordsOf(name), valueOf(value)]));
}

function valueOf(value) {
  if (value === null || value === undefined || value === "") return "";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) {
    return value.every((each) => typeof each !== "object")
      ? valueOf(value.join(", "))
      : value.map((each) => members(each));
  }
  if (typeof value === "object") return Object.keys(value).length === 0 ? "" : members(value);
  return h("code", {}, value);
}

/** What the API answers about a resource, as it does. */
export function asJson(value, title) {
  return h(
    "details",
    {},
    h("summary", { class: "quiet" }, title),
    h("pre", { tabindex: "0" }, JSON.stringify(value, null, 2)),
  );
}

/** A labelled part of a form. */
export function field(label, control) {
  return h("label", { class: "field" }, h("span", {}, label), control);
}
