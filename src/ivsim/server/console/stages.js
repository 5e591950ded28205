/** A stage: who is on it, what they send, what is made of it, and its sessions. */

import { call, control, Refused } from "./api.js";
import { ask, doing } from "./dialogs.js";
import { h } from "./dom.js";
import { arnOf, nameOf, plural } from "./format.js";
import { asJson, block, copyable, facts, field, members, title } from "./parts.js";
import { askForPlace, placeName } from "./places.js";
import { stageSessionsOf } from "./stage_sessions.js";
import { state } from "./state.js";
import { stillOf } from "./stills.js";

const MOST_SHOWN = 100;
const WAITING = { STARTING: "", STOPPING: "", STOPPED: "", ACTIVE: "on" };

/** A stage's state in a word: live while somebody publishes, on while somebody is there, else empty. */
export function stageStateOf({ participants }) {
  if (participants.some((each) => each.isPublishing)) return "live";
  return participants.length ? "on" : "";
}

/** Ask for what a new stage needs, and make it. */
export function createStage() {
  ask({
    title: "Create a stage",
    action: "Create stage",
    body: [
      field("Name", h("input", { name: "name", placeholder: "panel", autocomplete: "off", autofocus: true })),
      askForPlace(),
    ],
    async perform({ name, place }) {
      const { stage } = await call("ivs", "CreateStage", JSON.parse(place), name ? { name } : {});
      location.hash = `#/${stage.arn}`;
    },
  });
}

/** The page of a stage. */
export function stagePage(stage) {
  const { participants } = stage;
  const publishing = participants.filter((each) => each.isPublishing);
  return [
    title(
      nameOf(stage),
      h(
        "span",
        { class: `state ${stageStateOf(stage)}`, "data-state": "" },
        participants.length ? plural(participants.length, "participant") : "empty",
      ),
      publishing.length > 0 && h("span", { class: "quiet" }, `${publishing.length} publishing`),
      h("span", { class: "quiet" }, placeName(stage.place)),
    ),
    h(
      "div",
      { class: "actions", key: `join ${stage.arn}` },
      h("p", { class: "quiet small about" }, "Whoever joins here is simulated: a participant like any other, without media."),
      h("button", { onclick: () => askForToken() }, "Join with a token…"),
      h("button", { class: "primary", onclick: () => askToJoin(stage) }, "Join…"),
    ),
    block(
      "Participants",
      participants.length === 0 && h("p", { class: "empty" }, "Nobody is here."),
      h(
        "ul",
        { class: "participants" },
        [...publishing, ...participants.filter((each) => !each.isPublishing)]
          .slice(0, MOST_SHOWN)
          .map((each) => participantOf(stage, each)),
      ),
      participants.length > MOST_SHOWN &&
        h("p", { class: "quiet small" }, `${plural(participants.length - MOST_SHOWN, "more participant")}.`),
    ),
    compositionsOf(stage),
    stageSessionsOf(stage),
    block(
      "Stage",
      facts([
        ["ARN", copyable(stage.arn, "the ARN")],
        ["Events at AWS", stage.endpoints && copyable(stage.endpoints.events, "the events endpoint")],
        ["WHIP at AWS", stage.endpoints && copyable(stage.endpoints.whip, "the WHIP endpoint")],
      ]),
      members(stage.answer, "arn", "name", "endpoints"),
      asJson(stage.answer, "As GetStage answers"),
    ),
  ];
}

/** What people call a participant: the user's id, or the participant's. */
function calledBy({ userId, participantId }) {
  return userId || participantId;
}

function participantOf(stage, participant) {
  const { participantId, userId, capabilities, attributes, replicationType } = participant;
  const name = calledBy(participant);
  const isReplica = replicationType === "REPLICA";
  const told = Object.entries(attributes).map(([key, value]) => `${key}=${value}`);
  const isSeen = participant.isPublishing && participant.video.length > 0 && !participant.videoStopped;
  return h(
    "li",
    { key: participantId, "aria-label": name },
    isSeen && stillOf(participant, name),
    h(
      "div",
      { class: "who" },
      h("span", { class: participant.isPublishing ? "state live" : "state on" }, h("strong", {}, name)),
      userId && h("code", { class: "quiet id" }, participantId),
    ),
    h(
      "p",
      { class: "small quiet what" },
      [
        sends(participant),
        participant.isRemote && "has a client of its own",
        losses(participant),
        capabilities.length === 1 && `may only ${capabilities[0].toLowerCase()}`,
        capabilities.length === 0 && !isReplica && "may only be there",
        isReplica && "replica of one on another stage",
        replicationType === "SOURCE" && "replicated to other stages",
        ...told,
      ]
        .filter(Boolean)
        .join(" · "),
    ),
    participant.subscriptions.length > 0 &&
      h(
        "p",
        { class: "row small heard" },
        h("span", { class: "quiet" }, "Hears and sees"),
        participant.subscriptions.map((id) => heard(stage, participant, id, isReplica)),
      ),
    h("div", { class: "row acts" }, isReplica ? null : acts(stage, participant), throwOut(stage, participant)),
  );
}

function sends({ isPublishing, video, audio, audioMuted, videoStopped }) {
  if (!isPublishing) return "sends nothing";
  const sizes = video.map(({ width, height }) => `${width} by ${height}`).join(", ");
  const sound = audio.length > 0 && (audioMuted ? "muted sound" : "sound");
  const picture = sizes && (videoStopped ? "no picture" : `a picture of ${sizes}`);
  return `sends ${[sound, picture].filter(Boolean).join(" and ")}`;
}

function losses({ sentLoss, receivedLoss }) {
  const percent = (share) => `${Math.round(share * 100)} %`;
  const lost = [sentLoss && `${percent(sentLoss)} of what it sends`, receivedLoss && `${percent(receivedLoss)} of what it receives`];
  return (sentLoss || receivedLoss) && `loses ${lost.filter(Boolean).join(" and ")}`;
}

function heard(stage, participant, id, isReplica) {
  const other = calledBy(stage.participants.find((each) => each.participantId === id) ?? { participantId: id });
  return h(
    "span",
    { class: "chip", key: id },
    other,
    !isReplica &&
      h(
        "button",
        {
          class: "plain",
          "aria-label": `Unsubscribe ${calledBy(participant)} from ${other}`,
          onclick: doing(() => act(participant, "unsubscribe", { participantId: id })),
        },
        "×",
      ),
  );
}

function acts(stage, participant) {
  const { isPublishing, audioMuted, videoStopped, subscriptions, participantId } = participant;
  const others = stage.participants.filter(
    (each) => each.isPublishing && each.participantId !== participantId && !subscriptions.includes(each.participantId),
  );
  const mute = (body) => doing(() => act(participant, "mute", { audio: audioMuted, video: videoStopped, ...body }));
  return [
    isPublishing
      ? [
          button(participant, audioMuted ? "Unmute" : "Mute", mute({ audio: !audioMuted })),
          button(participant, videoStopped ? "Start video" : "Stop video", mute({ video: !videoStopped })),
          button(participant, "Fail…", () => askForError(participant)),
          button(participant, "Unpublish", doing(() => act(participant, "unpublish"))),
        ]
      : button(participant, "Publish", doing(() => act(participant, "publish"))),
    others.length > 0 && button(participant, "Subscribe…", () => askForPublisher(participant, others)),
    participant.isRemote && [
      button(participant, "Impair…", () => askForLoss(participant)),
      button(participant, "Cut", doing(() => act(participant, "cut"))),
    ],
    button(participant, "Leave", doing(() => act(participant, "leave"))),
  ];
}

function throwOut(stage, participant) {
  const { participantId } = participant;
  const perform = () => call("ivs", "DisconnectParticipant", stage.place, { stageArn: stage.arn, participantId });
  return button(participant, "Throw out", doing(perform));
}

function button(participant, label, onclick) {
  const name = `${label.replace("…", "")} ${calledBy(participant)}`;
  return h("button", { key: label, class: "plain", "aria-label": name, onclick }, label);
}

function act({ participantId }, verb, body) {
  return control("POST", `participants/${encodeURIComponent(participantId)}/${verb}`, body ?? {});
}

function askToJoin(stage) {
  ask({
    title: `Join ${nameOf(stage)}`,
    action: "Join",
    body: [
      field("User", h("input", { name: "userId", placeholder: "ann", autocomplete: "off", autofocus: true })),
      field("Attributes", h("input", { name: "attributes", placeholder: "role=host, seat=2", autocomplete: "off" })),
      h(
        "fieldset",
        { class: "row" },
        check("mayPublish", "May publish", true),
        check("maySubscribe", "May subscribe", true),
        check("publish", "Publish at once"),
      ),
    ],
    async perform({ userId, attributes, mayPublish, maySubscribe, publish }) {
      const joined = await control("POST", "participants", {
        stage: stage.arn,
        userId,
        attributes: pairsOf(attributes),
        capabilities: [mayPublish && "PUBLISH", maySubscribe && "SUBSCRIBE"].filter(Boolean),
      });
      if (publish) await act(joined, "publish");
    },
  });
}

function askForToken() {
  ask({
    title: "Join with a token",
    action: "Join",
    body: [
      h("p", { class: "small quiet" }, "It says which stage, who joins, and what they may do."),
      field("Participant token", h("input", { name: "token", required: true, autocomplete: "off", autofocus: true })),
    ],
    async perform({ token }) {
      const { stageArn } = await control("POST", "participants", { token: token.trim() });
      location.hash = `#/${stageArn}`;
    },
  });
}

function askForError(participant) {
  ask({
    title: `Let ${calledBy(participant)} fail to publish`,
    action: "Fail",
    body: field("Error code", h("input", { name: "errorCode", value: "B_FRAME_PRESENT", required: true })),
    perform: ({ errorCode }) => act(participant, "fail", { errorCode }),
  });
}

function askForLoss(participant) {
  const share = (label, name) =>
    field(
      `${label}, in percent`,
      h("input", { name, type: "number", min: "0", max: "100", value: String(participant[name] * 100), required: true }),
    );
  ask({
    title: `Impair the connection of ${calledBy(participant)}`,
    action: "Impair",
    body: [
      h("p", { class: "small quiet" }, "Packets of sound and picture get lost. With 100 nothing comes through, with 0 all does."),
      share("Lost of what it sends", "sentLoss"),
      share("Lost of what it receives", "receivedLoss"),
    ],
    perform: ({ sentLoss, receivedLoss }) =>
      act(participant, "impair", { sentLoss: sentLoss / 100, receivedLoss: receivedLoss / 100 }),
  });
}

function askForPublisher(participant, others) {
  ask({
    title: `Let ${calledBy(participant)} hear and see another`,
    action: "Subscribe",
    body: field(
      "Publisher",
      h(
        "select",
        { name: "participantId" },
        others.map((each) => h("option", { value: each.participantId }, calledBy(each))),
      ),
    ),
    perform: ({ participantId }) => act(participant, "subscribe", { participantId }),
  });
}

function check(name, label, checked = false) {
  return h("label", { class: "check" }, h("input", { type: "checkbox", name, checked }), label);
}

/** Read `role=host, seat=2`. */
function pairsOf(text) {
  const pairs = text.split(",").filter((each) => each.trim());
  return Object.fromEntries(
    pairs.map((each) => {
      const [key, ...value] = each.split("=");
      if (value.length === 0) throw new Refused(`Attributes: ${each.trim()} is not KEY=VALUE`);
      return [key.trim(), value.join("=").trim()];
    }),
  );
}

function compositionsOf(stage) {
  const { byArn } = state.inventory;
  const compositions = [...byArn.values()].filter(
    (each) => each.kind === "compositions" && each.stageArn === stage.arn,
  );
  return (
    compositions.length > 0 &&
    block("Compositions", h("ul", { class: "things" }, compositions.map(compositionOf)))
  );
}

function compositionOf(composition) {
  const stop = () => call("ivs", "StopComposition", composition.place, { arn: composition.arn });
  const isRunning = ["STARTING", "ACTIVE"].includes(composition.state);
  return h(
    "li",
    { key: composition.arn, class: "composition" },
    h(
      "div",
      { class: "row" },
      inState(composition.state, arnOf(composition.arn).id),
      h("span", { class: "quiet small grow" }, composition.layout.pip ? "picture in picture" : "grid"),
      isRunning && h("button", { class: "small", onclick: doing(stop) }, "Stop"),
    ),
    h("ul", { class: "small" }, composition.destinations.map(destinationOf)),
    asJson(composition.answer, "As GetComposition answers"),
  );
}

function destinationOf(destination) {
  const { channel, s3, name } = destination.configuration;
  const arn = channel ? channel.channelArn : s3.storageConfigurationArn;
  const target = state.inventory.byArn.get(arn);
  const called = target ? nameOf(target) : arnOf(arn).id;
  return h(
    "li",
    { key: destination.id, class: "row" },
    inState(destination.state, name || destination.id),
    h(
      "span",
      { class: "quiet" },
      channel ? "to the channel " : "to the storage ",
      channel && target ? h("a", { href: `#/${arn}` }, called) : called,
    ),
  );
}

function inState(word, what) {
  return h("span", { class: `state ${WAITING[word] ?? "lost"}` }, h("strong", {}, what), " ", word.toLowerCase());
}
