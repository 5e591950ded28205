/** Playback keys, policies and the several configurations: to look at. */

import { h } from "./dom.js";
import { nameOf, wordsOf } from "./format.js";
import { asJson, members } from "./parts.js";
import { placeName } from "./places.js";

const ABOUT = {
  playbackKeyPairs: "Public keys that playback tokens of private channels are checked with.",
  playbackRestrictionPolicies: "From which countries and origins a channel may be watched.",
  recordingConfigurations: "Where broadcasts are recorded to.",
  adConfigurations: "Where a channel’s ads come from.",
  failoverSlateConfigurations: "What viewers see while an encoder sends nothing.",
  loggingConfigurations: "Where what is said in rooms is written to.",
};

/** The page of a kind of resources. */
export function configurationsPage(kind, resources) {
  return [
    h(
      "header",
      { class: "title", key: "title" },
      h("h1", {}, wordsOf(kind)),
      h("p", { class: "quiet" }, ABOUT[kind]),
    ),
    resources.length === 0 && h("p", { class: "quiet", key: "none" }, "There are none. Create them with an SDK or the AWS CLI."),
    h(
      "ul",
      { class: "things", key: "all" },
      resources.map((each) =>
        h(
          "li",
          { key: each.arn },
          h(
            "details",
            { open: resources.length === 1 },
            h("summary", {}, nameOf(each), " ", h("span", { class: "quiet" }, placeName(each.place), each.state && `, ${each.state}`)),
            members(each.answer),
            asJson(each.answer, "As the API answers"),
          ),
        ),
      ),
    ),
  ];
}
