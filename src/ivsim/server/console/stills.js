/**
 * What each publisher of a stage shows: a picture every two seconds, for which its client is asked for a key frame, so that
 * nothing has to be decoded but here. Nothing is asked for where nobody sees it: in a hidden tab or pane, or scrolled away.
 */

import { h } from "./dom.js";

const AGAIN_MILLISECONDS = 2000;
const LOOK_MILLISECONDS = 250;

/** When a picture was last asked for, by where it is shown. @type {WeakMap<HTMLCanvasElement, number>} */
const asked = new WeakMap();

let isBusy = false;

/** The place of a publisher's picture. */
export function stillOf({ participantId }, name) {
  return h("canvas", {
    "data-participant": participantId,
    role: "img",
    "aria-label": `What ${name} shows`,
    width: 320,
    height: 180,
  });
}

/** Ask for the picture that is the oldest of those in sight, one at a time: the server has other things to do. */
async function look() {
  if (isBusy || document.hidden) return;
  const [canvas] = [...document.querySelectorAll("canvas[data-participant]")]
    .filter((each) => isInSight(each) && performance.now() - since(each) >= AGAIN_MILLISECONDS)
    .sort((one, other) => since(one) - since(other));
  if (!canvas) return;
  isBusy = true;
  asked.set(canvas, performance.now());
  await show(canvas);
  isBusy = false;
}

setInterval(look, LOOK_MILLISECONDS);

function since(canvas) {
  return asked.get(canvas) ?? -Infinity;
}

function isInSight(canvas) {
  const { width, top, bottom } = canvas.getBoundingClientRect();
  return width > 0 && bottom > 0 && top < innerHeight;
}

/** Draw what is shown now; where nothing new comes, what was before stays, as others see it too. */
function show(canvas) {
  const video = document.createElement("video");
  video.muted = true;
  video.preload = "auto";
  return new Promise((resolve) => {
    video.onerror = resolve;
    video.onloadeddata = () => {
      [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
      canvas.getContext("2d").drawImage(video, 0, 0);
      video.onerror = null;
      video.removeAttribute("src");
      video.load();
      resolve();
    };
    video.src = `/_ivsim/participants/${encodeURIComponent(canvas.dataset.participant)}/picture`;
  });
}
