/** What the page shows while nothing is chosen, and to a newcomer. */

import { createChannel } from "./channels.js";
import { h } from "./dom.js";
import { plural } from "./format.js";
import { copyButton } from "./parts.js";
import { createRoom } from "./rooms.js";
import { createStage } from "./stages.js";
import { state } from "./state.js";

/** The first page. */
export function welcome() {
  const { channels, rooms, stages } = state.inventory;
  const live = channels.filter((channel) => channel.stream).length;
  const isEmpty = channels.length + rooms.length + stages.length === 0;
  const settings = ["IVS", "IVSCHAT", "IVS_REALTIME"]
    .map((service) => `export AWS_ENDPOINT_URL_${service}=${location.origin}`)
    .join("\n");
  return h(
    "div",
    { class: "welcome", key: "welcome" },
    h("h1", {}, isEmpty ? "Nothing here yet" : `${live} of ${plural(channels.length, "channel")} live`),
    h(
      "p",
      { class: "quiet" },
      isEmpty
        ? "Make a channel and go live on it, a room and talk in it, or a stage and let people join it. What you do here, every SDK sees, and the other way round."
        : `Choose one from the list, or one of ${plural(rooms.length, "room")} and ${plural(stages.length, "stage")}.`,
    ),
    h(
      "div",
      { class: "row" },
      h("button", { class: isEmpty ? "primary" : "", onclick: createChannel }, "Create a channel"),
      h("button", { onclick: createRoom }, "Create a chat room"),
      h("button", { onclick: createStage }, "Create a stage"),
    ),
    h(
      "div",
      { class: "block-head" },
      h("h2", {}, "Point an SDK or the AWS CLI here"),
      copyButton(settings, "the settings"),
    ),
    h("pre", { tabindex: "0" }, settings),
    h(
      "p",
      { class: "small quiet" },
      "Chat clients connect to ",
      h("code", {}, location.origin.replace(/^http/, "ws")),
      ". Any region and any credentials will do.",
    ),
  );
}

/** What stands in the place of something that was deleted. */
export function missing() {
  return [
    h("h1", { key: "title" }, "Not there"),
    h("p", { key: "text", class: "quiet" }, "It was deleted, or the emulator was reset."),
  ];
}
