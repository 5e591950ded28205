/** A channel: its state, what an encoder does to it, what is configured, and its sessions. */

import { call, control } from "./api.js";
import { ask, doing } from "./dialogs.js";
import { h } from "./dom.js";
import { between, nameOf, plural } from "./format.js";
import { asJson, block, copyable, facts, field, members, secret, title } from "./parts.js";
import { pictureOf } from "./picture.js";
import { askForPlace, placeName } from "./places.js";
import { sessionsOf } from "./sessions.js";
import { now, state } from "./state.js";

const LIMITS = ["Ingest Bitrate", "Ingest Resolution", "Concurrent Broadcasts", "Concurrent Viewers"];

/** A channel's state in a word: offline, live or starving. */
export function stateOf(channel) {
  if (!channel.stream) return "offline";
  return channel.stream.health === "STARVING" ? "starving" : "live";
}

/** Ask for what a new channel needs, and make it. */
export function createChannel() {
  ask({
    title: "Create a channel",
    action: "Create channel",
    body: [
      field("Name", h("input", { name: "name", placeholder: "evening-show", autocomplete: "off", autofocus: true })),
      h(
        "div",
        { class: "row" },
        field("Type", options("type", ["STANDARD", "BASIC", "ADVANCED_HD", "ADVANCED_SD"])),
        field("Latency", options("latencyMode", ["LOW", "NORMAL"])),
      ),
      h(
        "label",
        { class: "check" },
        h("input", { type: "checkbox", name: "authorized" }),
        "Viewers need a playback token",
      ),
      askForPlace(),
    ],
    async perform({ name, type, latencyMode, authorized, place }) {
      const params = { name, type, latencyMode, authorized: authorized === "on" };
      const { channel } = await call("ivs", "CreateChannel", JSON.parse(place), params);
      location.hash = `#/${channel.arn}`;
    },
  });
}

/** The page of a channel. */
export function channelPage(channel) {
  return [
    title(
      nameOf(channel),
      h("span", { class: `state ${stateOf(channel)}`, "data-state": stateOf(channel) }, stateOf(channel)),
      channel.stream && [
        h("span", { class: "uptime" }, between(channel.stream.startTime, now())),
        h("span", { class: "viewers" }, plural(channel.stream.viewerCount, "viewer")),
      ],
      h("span", { class: "quiet" }, placeName(channel.place)),
    ),
    h(
      "div",
      { class: "actions", key: `encoder ${channel.arn}` },
      channel.stream ? whileLive(channel) : whileOffline(channel),
    ),
    pictureOf(channel),
    block("Watch and send", settings(channel)),
    sessionsOf(channel),
    channel.viewerSessions.length > 0 &&
      block("Viewer sessions", h("ul", { class: "things" }, channel.viewerSessions.map(viewerSession))),
    block(
      "Channel",
      members(channel.answer, "arn", "name", "playbackUrl", "ingestEndpoint", "srt"),
      asJson(channel.answer, "As GetChannel answers"),
      channel.stream && asJson(channel.stream, "As GetStream answers"),
    ),
  ];
}

function whileOffline(channel) {
  const goLive = ({ target }) =>
    control("POST", "streams", { channel: channel.arn, viewers: Number(target.elements.viewers.value) });
  return h(
    "form",
    { class: "row", key: "offline", onsubmit: doing(goLive) },
    field("Viewers", h("input", { name: "viewers", type: "number", min: "0", value: "0", required: true })),
    h("button", { class: "primary low" }, "Go live"),
  );
}

function whileLive(channel) {
  const { streamId, viewerCount } = channel.stream;
  const act = (verb) => doing(() => control("POST", `streams/${streamId}/${verb}`));
  const setViewers = ({ target }) =>
    control("PUT", `streams/${streamId}/viewers`, { viewers: Number(target.elements.viewers.value) });
  return [
    h(
      "form",
      { class: "row", key: "viewers", onsubmit: doing(setViewers) },
      field(
        "Viewers",
        h("input", { name: "viewers", type: "number", min: "0", value: String(viewerCount), required: true }),
      ),
      h("button", { class: "low" }, "Set"),
    ),
    h("span", { class: "space", key: "space" }),
    channel.stream.health === "STARVING"
      ? h("button", { key: "data", onclick: act("recover") }, "Recover")
      : h("button", { key: "data", onclick: act("starve") }, "Starve"),
    h("button", { key: "breach", onclick: () => askForBreach(channel) }, "Breach…"),
    h("button", { key: "fail", onclick: () => askForFailure(channel) }, "Fail…"),
    h("button", { key: "end", onclick: act("end") }, "End stream"),
  ];
}

function askForBreach(channel) {
  ask({
    title: "Exceed a limit",
    action: "Exceed it",
    body: [
      h("p", { class: "small quiet" }, "A breach of ingest disconnects the encoder."),
      field("Limit", options("limit", LIMITS)),
      field(
        "Exceeded by, in the limit’s unit",
        h("input", { name: "exceededBy", type: "number", min: "1", value: "1", required: true }),
      ),
    ],
    perform: ({ limit, exceededBy }) =>
      control("POST", `streams/${channel.stream.streamId}/breach`, { limit, exceededBy: Number(exceededBy) }),
  });
}

function askForFailure(channel) {
  ask({
    title: "Let the stream fail",
    action: "Fail",
    body: [
      h("p", { class: "small quiet" }, "The service cannot process it: Stream Failure with a reason, and the end."),
      field("Reason", h("input", { name: "reason", placeholder: "the service’s usual one", autocomplete: "off" })),
    ],
    perform: ({ reason }) => control("POST", `streams/${channel.stream.streamId}/fail`, reason ? { reason } : {}),
  });
}

function settings(channel) {
  const { playbackUrl, ingestEndpoint, streamKeys, srt, arn } = channel;
  return facts([
    ["Playback URL", copyable(playbackUrl, "the playback URL")],
    ["Ingest server", state.rtmpUrl && copyable(state.rtmpUrl, "the ingest server")],
    ["Ingest server at AWS", copyable(`rtmps://${ingestEndpoint}:443/app/`, "the ingest server at AWS")],
    ...streamKeys.map((key) => ["Stream key", secret(key.arn, key.value, "the stream key")]),
    ["Stream key", streamKeys.length === 0 && h("span", { class: "quiet" }, "none")],
    ["SRT server", srt && copyable(srt.endpoint, "the SRT server")],
    ["SRT passphrase", srt && secret(`${arn} SRT`, srt.passphrase, "the SRT passphrase")],
    ["ARN", copyable(arn, "the ARN")],
  ]);
}

function viewerSession(session) {
  return h(
    "li",
    { key: session.id },
    h("details", {}, h("summary", {}, session.viewerId || session.id), members(session)),
  );
}

function options(name, values) {
  return h(
    "select",
    { name },
    values.map((value) => h("option", { value }, value)),
  );
}
