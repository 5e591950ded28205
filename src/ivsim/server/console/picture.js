/**
 * The live picture of a channel, played by the browser itself, without sound until somebody asks for it. The server makes
 * it for whoever asks, and so nothing is asked for where nobody sees it: in a hidden tab or pane, scrolled away, folded.
 */

import { control, Refused } from "./api.js";
import { h } from "./dom.js";
import { nameOf } from "./format.js";
import { change, state } from "./state.js";

const AGAIN_MILLISECONDS = 1000;

const PLAYS_HLS = document.createElement("video").canPlayType("application/vnd.apple.mpegurl") !== "";

let isFolded = false;

/** Why it does not play, in words, and at which moment that was: of which stream, in which health. */
let failure = null;

/** The picture on the page, and whether it is where the window shows it. @type {HTMLVideoElement | null} */
let video = null;
let isInSight = false;
let isBeginning = false;

/** The part of a channel's page that shows its picture, or says why there is none. */
export function pictureOf(channel) {
  const isOn = Boolean(channel.stream) && !isFolded;
  if (state.connection !== "connected" || failure?.moment !== momentOf(channel)) failure = null;
  return h(
    "section",
    { class: "block", key: "picture" },
    h(
      "div",
      { class: "block-head" },
      h(
        "div",
        { class: "row" },
        h("h2", {}, "Picture"),
        isOn && h("span", { class: "small quiet" }, progress(channel)),
      ),
      channel.stream && foldButton(),
    ),
    !channel.stream && told("There is none while the channel is offline."),
    isOn && (obstacle(channel) ?? playerOf(channel)),
  );
}

/**
 * Have the picture on the page play while somebody can see it. What no longer is on the page, or in sight, is let go: a
 * player without a source asks for nothing.
 */
export function tune() {
  const drawn = document.querySelector("video");
  if (drawn !== video) {
    if (video) {
      sight.unobserve(video);
      letGo(video);
    }
    video = drawn;
    isInSight = false;
    if (video) {
      video.muted = true; // the attribute counts for elements of a parser only
      sight.observe(video);
    }
  }
  if (!video || isSeen() === video.hasAttribute("src")) return;
  if (isSeen()) begin();
  else letGo(video);
}

const sight = new IntersectionObserver((entries) => {
  isInSight = entries.at(-1).isIntersecting;
  tune();
});
document.addEventListener("visibilitychange", tune); // at once, as a hidden page is not drawn

function isSeen() {
  return isInSight && !document.hidden;
}

/** Play, unless that is one viewer more than the quota allows: the edge would make an event of it, and nobody asked. */
async function begin() {
  if (isBeginning) return;
  isBeginning = true;
  try {
    const most = (await control("GET", "quotas"))["Concurrent views"];
    const channel = video && state.inventory.byArn.get(video.dataset.arn);
    if (!channel?.stream || !isSeen()) return;
    if (viewersAt(channel.place) < most) video.src = video.dataset.url;
    else fail(channel, `The region has as many viewers as its quota allows, ${most.toLocaleString("en-GB")}.`);
  } catch (error) {
    if (!(error instanceof Refused)) throw error; // otherwise the server is gone, as the feed will notice
  } finally {
    isBeginning = false;
  }
}

function viewersAt({ account, region }) {
  return state.inventory.channels
    .filter(({ stream, place }) => stream && place.account === account && place.region === region)
    .reduce((sum, { stream }) => sum + stream.viewerCount, 0);
}

function letGo(watched) {
  watched.removeAttribute("src");
  watched.load(); // without which it would go on with what it has
}

/** What stands in the way of a picture, in words; null for nothing. */
function obstacle(channel) {
  if (state.connection !== "connected") return told("It comes back with the server.");
  if (channel.authorized) {
    return told(
      "The channel is private: a viewer needs a playback token, and the console has no key to sign one with.",
    );
  }
  if (!PLAYS_HLS) {
    return told(
      "This browser does not play HLS by itself; Safari and Chromium do, and in every browser hls.js and the IVS player, given the playback URL.",
    );
  }
  if (failure === null) return null;
  return [told(failure.text), h("div", { class: "row spaced" }, h("button", { onclick: tryAgain }, "Try again"))];
}

function playerOf(channel) {
  return h("video", {
    key: channel.stream.streamId,
    "aria-label": `The live picture of ${nameOf(channel)}`,
    "data-arn": channel.arn,
    // The path is this server's too, whosever host the URL has; whoever looks on here is no viewer.
    "data-url": `${new URL(channel.playbackUrl).pathname}?ivsim-uncounted=1`,
    autoplay: true,
    controls: true,
    disablepictureinpicture: true,
    muted: true,
    playsinline: true,
    onloadeddata: () => change(),
    onplaying: () => change(),
    onwaiting: () => change(),
    onerror: ({ target }) => giveUp(channel, target),
  });
}

/** How far the player is, in words; none while it plays. */
function progress(channel) {
  if (!video?.hasAttribute("src")) return "";
  if (video.readyState === HTMLMediaElement.HAVE_NOTHING) return "loading…";
  if (video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA) return "";
  if (channel.stream.health === "STARVING") return "no data from the encoder";
  return state.clock.frozen ? "stands still, as the clock is frozen" : "waits for data";
}

/** Say what the player gave up with. One that had a picture, and met a jump of the clock, soon begins anew by itself. */
function giveUp(channel, { error, videoWidth }) {
  const policy = channel.playbackRestrictionPolicyArn && " The channel’s playback restriction policy may keep it out.";
  const last = fail(channel, `The player gave up (${error.message || error.code}).${policy || ""}`);
  if (videoWidth > 0) setTimeout(() => failure === last && tryAgain(), AGAIN_MILLISECONDS);
}

function fail(channel, text) {
  failure = { moment: momentOf(channel), text };
  change();
  return failure;
}

function tryAgain() {
  failure = null;
  change();
}

function momentOf({ stream }) {
  return `${stream?.streamId} ${stream?.health}`;
}

function foldButton() {
  const fold = () => {
    isFolded = !isFolded;
    change();
  };
  return h(
    "button",
    { class: "plain", "aria-label": isFolded ? "Show the picture" : "Hide the picture", onclick: fold },
    isFolded ? "Show" : "Hide",
  );
}

function told(text) {
  return h("p", { class: "small quiet" }, text);
}
