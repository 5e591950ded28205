/**
 * What is in the emulator, sorted for the page. The overview has every resource by its kind, as its Get operation shows
 * it, and what belongs to it.
 */

const NESTED = {
  channels: ["streamKeys", "stream", "streamSessions", "viewerSessions"],
  rooms: ["userIds"],
  stages: ["participants", "stageSessions"],
};
const ELSEWHERE = ["channels", "rooms", "stages", "streamKeys"];

/** Make an inventory of an overview. */
export function inventoryOf(overview) {
  const all = Object.entries(overview).map(([kind, resources]) => [
    kind,
    resources.map((each) => resourceOf(kind, each)),
  ]);
  const byKind = Object.fromEntries(all);
  const places = new Map();
  for (const [, resources] of all) {
    for (const { place } of resources) places.set(`${place.account} ${place.region}`, place);
  }
  return {
    channels: byKind.channels,
    rooms: byKind.rooms,
    stages: byKind.stages,
    /** Every other kind of resource, by its name. */
    configurations: all.filter(([kind]) => !ELSEWHERE.includes(kind)),
    places: [...places.keys()].sort().map((key) => places.get(key)),
    byArn: new Map(all.flatMap(([, resources]) => resources.map((each) => [each.arn, each]))),
  };
}

/** A resource with its place, what belongs to it, and, as `answer`, just what the API would answer. */
function resourceOf(kind, { accountId, region, ...resource }) {
  const answer = { ...resource };
  for (const name of NESTED[kind] ?? []) delete answer[name];
  return { ...resource, kind, answer, place: { account: accountId, region } };
}
