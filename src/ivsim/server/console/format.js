/** How things are written: times, durations, names, identifiers. */

const TIME = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium", timeZone: "UTC" });
const DAY = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeZone: "UTC" });

/** The time of day, in UTC as in everything that AWS writes. */
export function timeOf(moment) {
  return TIME.format(new Date(moment));
}

/** Day and time, in UTC. */
export function dateOf(moment) {
  return `${DAY.format(new Date(moment))}, ${timeOf(moment)} UTC`;
}

/** The time between two moments, as h:mm:ss or m:ss. */
export function between(start, end) {
  const seconds = Math.max(0, Math.floor((new Date(end) - new Date(start)) / 1000));
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, "0"));
  const hours = Math.floor(seconds / 3600);
  return hours ? `${hours}:${parts.join(":")}` : `${Number(parts[0])}:${parts[1]}`;
}

/** A number of things: `plural(1, "viewer")` is "1 viewer". */
export function plural(count, noun) {
  return `${count.toLocaleString("en-GB")} ${noun}${count === 1 ? "" : "s"}`;
}

/** What an ARN says: service, region, account, type and id of a resource. */
export function arnOf(arn) {
  const [, , service, region, account, resource] = arn.split(":");
  const [type, id = resource] = (resource ?? "").split("/");
  return { service, region, account, type, id };
}

/** What people call a resource: its name, or the end of its ARN. */
export function nameOf(resource) {
  return resource.name || arnOf(resource.arn).id;
}

/** What people call an event: what it tells, by the member that says so, else its type. */
export function eventNameOf(event) {
  const { event_name, limit_name, recording_status } = event.detail;
  return event_name ?? limit_name ?? recording_status ?? event["detail-type"];
}

/** A member's name as words: `playbackUrl` is "Playback URL". */
export function wordsOf(member) {
  const words = member.replace(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase();
  const text = words.replace(/\b(arn|url|uri|id|srt)(s?)\b/g, (_, word, more) => word.toUpperCase() + more);
  return text[0].toUpperCase() + text.slice(1);
}
