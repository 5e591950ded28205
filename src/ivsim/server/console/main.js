/** The page: which part shows what, drawn again after every change. */

import { activityPane } from "./activity.js";
import { control } from "./api.js";
import { channelPage } from "./channels.js";
import { configurationsPage } from "./configurations.js";
import { ask, doing } from "./dialogs.js";
import { h, render } from "./dom.js";
import { nameOf, timeOf, wordsOf } from "./format.js";
import { resourceList } from "./list.js";
import { follow } from "./live.js";
import { tune } from "./picture.js";
import { readTranscript, roomPage } from "./rooms.js";
import { readRules, rulesPage } from "./rules.js";
import { readSimulation, simulationPage } from "./simulation.js";
import { stagePage } from "./stages.js";
import { change, now, onChange, state } from "./state.js";
import { missing, welcome } from "./welcome.js";

const PANES = { list: "Resources", detail: "Details", activity: "Activity" };

const WORDS = { connecting: "Connecting…", connected: "Connected", lost: "Server lost, reconnecting…" };

const [top, list, detail, activity, panes] = ["top", "list", "detail", "activity", "panes"].map((id) =>
  document.getElementById(id),
);

/** What the list was drawn from: it may be long, and most changes are not about it. */
let listed = {};

function draw() {
  render(top, header());
  render(
    panes,
    Object.entries(PANES).map(([pane, label]) => paneLink(pane, label)),
  );
  render(activity, activityPane());
  if (state.inventory === null) return;
  if (listed.inventory !== state.inventory || listed.route !== state.route) {
    listed = { ...state };
    render(list, resourceList());
  }
  const log = detail.querySelector(".transcript");
  const followsEnd = !log || log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  render(detail, h("div", { key: state.route }, page()));
  tune();
  const drawn = detail.querySelector(".transcript");
  if (drawn && followsEnd) drawn.scrollTop = drawn.scrollHeight;
}

function header() {
  const time = new Date(now());
  return [
    h("a", { class: "brand", href: "#/" }, h("img", { src: "/_ivsim/console/icon.svg", alt: "" }), "ivsim"),
    h("span", { class: "quiet small wide" }, state.version),
    h("span", { class: "space" }),
    h(
      "span",
      { class: `small state ${state.connection === "connected" ? "on" : state.connection}`, role: "status" },
      WORDS[state.connection],
    ),
    h(
      "a",
      { class: "clock small", href: "#/simulation", title: "The emulator’s time" },
      state.inventory !== null && [timeOf(time), h("span", { class: "wide" }, " UTC"), state.clock.frozen && h("span", { class: "wide" }, " (frozen)")],
    ),
    h("button", { onclick: askForReset }, "Reset…"),
  ];
}

function page() {
  const { route, inventory } = state;
  if (route === "") return welcome();
  if (route === "rules") return rulesPage();
  if (route === "simulation") return simulationPage();
  const configurations = inventory.configurations.find(([kind]) => kind === route);
  if (configurations) return configurationsPage(...configurations);
  const resource = inventory.byArn.get(route);
  if (resource?.kind === "channels") return channelPage(resource);
  if (resource?.kind === "rooms") return roomPage(resource);
  if (resource?.kind === "stages") return stagePage(resource);
  return missing();
}

function paneLink(pane, label) {
  const show = (event) => {
    event.preventDefault();
    showPane(pane);
  };
  const isShown = document.body.dataset.pane === pane;
  return h("a", { key: pane, href: "#", "aria-current": isShown ? "true" : null, onclick: show }, label);
}

function showPane(pane) {
  document.body.dataset.pane = pane;
  change();
}

function askForReset() {
  ask({
    title: "Reset the emulator?",
    action: "Reset",
    body: h(
      "p",
      { class: "small quiet" },
      "Channels, rooms, stages, streams, connections, participants, events, calls and faults are gone for everybody who uses it. The clock and the quotas stay.",
    ),
    async perform() {
      await control("POST", "reset");
      location.hash = "#/";
    },
  });
}

function navigate() {
  state.route = decodeURIComponent(location.hash.replace(/^#\/?/, ""));
  const resource = state.inventory?.byArn.get(state.route);
  document.title = `${resource ? nameOf(resource) : state.route ? wordsOf(state.route) : "Console"} · ivsim`;
  if (resource?.kind === "rooms") readTranscript(state.route);
  if (state.route === "rules") doing(readRules)();
  if (state.route === "simulation") doing(readSimulation)();
  detail.scrollTop = 0;
  showPane("detail");
}

onChange(draw);
addEventListener("hashchange", () => {
  navigate();
  detail.focus({ preventScroll: true });
});
navigate();
follow();
