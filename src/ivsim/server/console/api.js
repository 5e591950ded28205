/**
 * What the console asks of the server: the control endpoints for what only an emulator can do, and the API of IVS, by
 * its operations' names, for what an application could do as well.
 */

/** A request that was refused; the text is the server's own, for people. */
export class Refused extends Error {}

let acted = () => {};

/** Have a function called when the page has done something that may have changed what there is. */
export function onAction(callback) {
  acted = callback;
}

/**
 * Call a control endpoint.
 *
 * @param {string} method
 * @param {string} path below /_ivsim/
 * @param {object} [body]
 * @returns {Promise<any>} what it answers, null for nothing
 */
export function control(method, path, body) {
  return request(`/_ivsim/${path}`, { method }, body);
}

/**
 * Call an operation of the API, in an account and region.
 *
 * @param {"ivs" | "ivschat"} service the name that it is signed for; stages are for "ivs" too
 * @param {string} operation
 * @param {{account: string, region: string}} place
 * @param {object} params
 * @returns {Promise<any>}
 */
export function call(service, operation, place, params) {
  const scope = `${place.account}/20260101/${place.region}/${service}/aws4_request`;
  const headers = { Authorization: `AWS4-HMAC-SHA256 Credential=${scope}` };
  return request(`/${operation}`, { method: "POST", headers }, params);
}

/** Read what is in the emulator; the very object of before while nothing has changed. */
export async function readOverview() {
  const response = await send("/_ivsim/overview", { headers: known.tag ? { "If-None-Match": known.tag } : {} });
  if (response.status !== 304) known = { overview: await answerOf(response), tag: response.headers.get("ETag") };
  return known.overview;
}

let known = { overview: null, tag: null };

async function request(path, init, body) {
  const headers = { ...init.headers, ...(body && { "Content-Type": "application/json" }) };
  const answer = await answerOf(await send(path, { ...init, headers, body: body && JSON.stringify(body) }));
  if (init.method !== "GET") acted();
  return answer;
}

async function send(path, init) {
  try {
    return await fetch(path, init);
  } catch {
    throw new Refused("The server cannot be reached.");
  }
}

async function answerOf(response) {
  const content = await response.text();
  const answer = content ? JSON.parse(content) : null;
  if (response.ok) return answer;
  const text = answer.detail ?? answer.message ?? answer.exceptionMessage;
  throw new Refused(answer.field ? `${answer.field}: ${text}` : text);
}
