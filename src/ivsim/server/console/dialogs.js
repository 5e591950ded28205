/** Questions to the user, and short notices. */

import { Refused } from "./api.js";
import { element, h } from "./dom.js";

const NOTICE_MILLISECONDS = 6000;

/**
 * Ask for something, and do it. What the server refuses is told in the dialog, which stays.
 *
 * @param {object} question
 * @param {string} question.title
 * @param {string} question.action what the button says
 * @param {import("./dom.js").Child} [question.body] text and fields
 * @param {(values: Record<string, string>) => Promise<void>} question.perform
 */
export function ask({ title, action, body, perform }) {
  const problem = element(h("p", { class: "alarm small", role: "alert" }));
  const dialog = /** @type {HTMLDialogElement} */ (
    element(
      h(
        "dialog",
        { "aria-labelledby": "dialog-title", onclose: () => dialog.remove() },
        h(
          "form",
          { onsubmit: submit },
          h("h2", { id: "dialog-title" }, title),
          body,
          h("div", { class: "problem" }),
          h(
            "div",
            { class: "buttons" },
            h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"),
            h("button", { class: "primary" }, action),
          ),
        ),
      ),
    )
  );
  dialog.querySelector(".problem").append(problem);
  document.body.append(dialog);
  dialog.showModal();

  async function submit(event) {
    event.preventDefault();
    const button = dialog.querySelector(".primary");
    button.disabled = true;
    try {
      await perform(Object.fromEntries(new FormData(event.target)));
      dialog.close();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      problem.textContent = error.message;
    } finally {
      button.disabled = false;
    }
  }
}

/** Return a listener that does something; what the server refuses becomes a notice. */
export function doing(perform) {
  return async (event) => {
    event?.preventDefault();
    try {
      await perform(event);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      notify(error.message);
    }
  };
}

/** Tell something that goes away by itself. */
export function notify(text) {
  const notice = element(h("p", {}, text));
  document.getElementById("notices").append(notice);
  setTimeout(() => notice.remove(), NOTICE_MILLISECONDS);
}
