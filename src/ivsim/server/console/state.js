/**
 * What the page knows. One object; whoever changes it says so with `change()`, and the page is drawn again before the
 * browser shows the next picture.
 *
 * @typedef {{account: string, region: string}} Place
 */

export const state = {
  /** @type {"connecting" | "connected" | "lost"} */
  connection: "connecting",
  version: "",
  /** Where encoders push to; null when the server listens for none. @type {string | null} */
  rtmpUrl: null,
  /** Account and region of calls that do not name others. @type {Place} */
  home: { account: "", region: "" },
  /** What is in the emulator, as `inventory.js` makes it of the overview; null until it is there. */
  inventory: null,
  /** The emulator's time in milliseconds, whether it stands, and when the page was told, by its own clock. */
  clock: { now: 0, frozen: true, toldAt: 0 },
  /** Where the page is: an ARN, the name of a page, or empty. */
  route: "",
};

let draw = () => {};
let isAsked = false;
let mayDrawAt = 0;

/** Have a function called after changes. */
export function onChange(callback) {
  draw = callback;
}

/** Change what the page knows, and have it drawn again. */
export function change(changes = {}) {
  Object.assign(state, changes);
  if (isAsked) return;
  isAsked = true;
  setTimeout(() => requestAnimationFrame(drawNow), Math.max(0, mayDrawAt - performance.now()));
}

/** Draw, and then leave people twice the time that it took: under load the page shall still be theirs. */
function drawNow() {
  isAsked = false;
  const began = performance.now();
  draw();
  mayDrawAt = performance.now() + 2 * (performance.now() - began);
}

/** The emulator's time now, in milliseconds. */
export function now() {
  const { now: told, frozen, toldAt } = state.clock;
  return frozen ? told : told + performance.now() - toldAt;
}
