// Clients of the AWS SDK for JavaScript at a URL, as an application makes them.
import * as ivs from "@aws-sdk/client-ivs";
import * as realtime from "@aws-sdk/client-ivs-realtime";
import * as ivschat from "@aws-sdk/client-ivschat";

const options = {
  endpoint: process.argv[2],
  region: "eu-west-1",
  credentials: { accessKeyId: "any", secretAccessKey: "any" },
  maxAttempts: 1, // an error that was ordered is to be seen, not overcome
};

export const services = {
  ivs: { module: ivs, client: new ivs.IvsClient(options) },
  ivschat: { module: ivschat, client: new ivschat.IvschatClient(options) },
  "ivs-realtime": { module: realtime, client: new realtime.IVSRealTimeClient(options) },
};

/** Send a command by its operation's name. */
export function send(service, operation, input) {
  const { module, client } = services[service];
  return client.send(new module[`${operation}Command`](input));
}

/** The operations a service's package knows. */
export function operations(service) {
  const names = Object.keys(services[service].module).filter((name) => /^[A-Z]\w+Command$/.test(name));
  return names.map((name) => name.slice(0, -"Command".length)).sort();
}
