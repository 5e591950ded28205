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
 * @param {"ivs" | "ivschat"} service
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

async function request(path, init, body) {
  const headers = { ...init.headers, ...(body && { "Content-Type": "application/json" }) };
  let response;
  try {
    response = await fetch(path, { ...init, headers, body: body && JSON.stringify(body) });
  } catch {
    throw new Refused("The server cannot be reached.");
  }
  const content = await response.text();
  const answer = content ? JSON.parse(content) : null;
  if (response.ok) {
    if (init.method !== "GET") acted();
    return answer;
  }
  const text = answer.detail ?? answer.message ?? answer.exceptionMessage;
  throw new Refused(answer.field ? `${answer.field}: ${text}` : text);
}
