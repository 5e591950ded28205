/** The list of everything there is, in the order of places. */

import { createChannel, stateOf } from "./channels.js";
import { h } from "./dom.js";
import { nameOf, wordsOf } from "./format.js";
import { placeName } from "./places.js";
import { createRoom } from "./rooms.js";
import { createStage, stageStateOf } from "./stages.js";
import { state } from "./state.js";

/** The list, with what is open marked. */
export function resourceList() {
  const { channels, rooms, stages, configurations } = state.inventory;
  return [
    group("Channels", channels, createChannel, "Create a channel", (channel) => [
      h(
        "span",
        { class: `state ${stateOf(channel)}`, title: stateOf(channel) },
        h("span", { class: "hidden-label" }, stateOf(channel)),
      ),
      h("span", { class: "name" }, nameOf(channel)),
      channel.stream &&
        h("span", { class: "count", title: "viewers" }, channel.stream.viewerCount.toLocaleString("en-GB")),
    ]),
    group("Chat rooms", rooms, createRoom, "Create a chat room", (room) => [
      h("span", { class: room.userIds.length ? "state on" : "state" }),
      h("span", { class: "name" }, nameOf(room)),
      room.userIds.length > 0 && h("span", { class: "count", title: "connections" }, room.userIds.length),
    ]),
    group("Stages", stages, createStage, "Create a stage", (stage) => [
      h("span", { class: `state ${stageStateOf(stage)}` }),
      h("span", { class: "name" }, nameOf(stage)),
      stage.participants.length > 0 &&
        h("span", { class: "count", title: "participants" }, stage.participants.length.toLocaleString("en-GB")),
    ]),
    h(
      "section",
      { key: "more" },
      h("header", {}, h("h2", {}, "Configuration")),
      h(
        "ul",
        {},
        configurations.map(([kind, resources]) =>
          h(
            "li",
            { key: kind },
            link(kind, [h("span", { class: "name" }, wordsOf(kind)), h("span", { class: "count" }, resources.length)]),
          ),
        ),
        h("li", { key: "rules" }, link("rules", [h("span", { class: "name" }, "Rules")])),
        h("li", { key: "simulation" }, link("simulation", [h("span", { class: "name" }, "Clock, faults, quotas")])),
      ),
    ),
  ];
}

function group(title, resources, create, createLabel, content) {
  const { places } = state.inventory;
  return h(
    "section",
    { key: title },
    h(
      "header",
      {},
      h("h2", {}, title, " ", h("span", { class: "count" }, resources.length)),
      h("button", { class: "plain", "aria-label": createLabel, onclick: create }, "New"),
    ),
    resources.length === 0 && h("p", { class: "none small quiet", key: "none" }, "None yet."),
    places.map((place) => {
      const here = resources.filter(
        (each) => each.place.account === place.account && each.place.region === place.region,
      );
      const name = placeName(place);
      return [
        here.length > 0 && places.length > 1 && h("h3", { class: "place", key: `${name}:` }, name),
        here.length > 0 &&
          h(
            "ul",
            { key: name },
            here.map((each) => h("li", { key: each.arn }, link(each.arn, content(each)))),
          ),
      ];
    }),
  );
}

function link(route, content) {
  return h("a", { href: `#/${route}`, "aria-current": state.route === route ? "page" : null }, content);
}
