/** Playback keys, policies and the several configurations: to look at. */

import { h } from "./dom.js";
import { nameOf, wordsOf } from "./format.js";
import { asJson, members, title } from "./parts.js";
import { placeName } from "./places.js";

const ABOUT = {
  playbackKeyPairs: "Public keys that playback tokens of private channels are checked with.",
  playbackRestrictionPolicies: "From which countries and origins a channel may be watched.",
  recordingConfigurations: "Where broadcasts are recorded to.",
  adConfigurations: "Where a channel’s ads come from.",
  failoverSlateConfigurations: "What viewers see while an encoder sends nothing.",
  loggingConfigurations: "Where what is said in rooms is written to.",
  publicKeys: "Public keys that a back end’s own participant tokens are checked with.",
  encoderConfigurations: "How the picture of a composition is encoded.",
  storageConfigurations: "Where compositions and participants are recorded to.",
  ingestConfigurations: "How encoders publish to a stage.",
  compositions: "Stages as one picture, for a channel or a recording.",
};

/** The page of a kind of resources. */
export function configurationsPage(kind, resources) {
  return [
    title(wordsOf(kind), h("span", { class: "quiet" }, ABOUT[kind])),
    resources.length === 0 &&
      h("p", { class: "quiet", key: "none" }, "There are none. Create them with an SDK or the AWS CLI."),
    h(
      "ul",
      { class: "things", key: "all" },
      resources.map((each) => configuration(each, resources.length === 1)),
    ),
  ];
}

function configuration(resource, isOpen) {
  const about = [placeName(resource.place), resource.state].filter(Boolean).join(", ");
  return h(
    "li",
    { key: resource.arn },
    h(
      "details",
      { open: isOpen },
      h("summary", {}, nameOf(resource), " ", h("span", { class: "quiet" }, about)),
      members(resource.answer),
      asJson(resource.answer, "As the API answers"),
    ),
  );
}
