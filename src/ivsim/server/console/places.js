/** Accounts and regions. */

import { h } from "./dom.js";
import { field } from "./parts.js";
import { state } from "./state.js";

const REGIONS = [
  "us-east-1",
  "us-west-2",
  "eu-west-1",
  "eu-central-1",
  "ap-south-1",
  "ap-northeast-1",
  "ap-northeast-2",
];

/** A part of a form that asks for account and region, for those who have more than the usual ones in mind. */
export function askForPlace() {
  const { home, inventory } = state;
  const others = REGIONS.map((region) => ({ account: home.account, region }));
  const known = new Map([home, ...inventory.places, ...others].map((place) => [JSON.stringify(place), place]));
  return field(
    "Account and region",
    h(
      "select",
      { name: "place" },
      [...known].map(([value, place]) => h("option", { value }, placeName(place))),
    ),
  );
}

/** An account and region, for people. */
export function placeName({ account, region }) {
  return `${region}, account ${account}`;
}
