// Go through every list that the packages have a paginator for, two at a time: node pages.mjs URL CHANNEL_ARN
import { services } from "./clients.mjs";

const channelArn = process.argv[3];
const sizes = {};
for (const { module, client } of Object.values(services)) {
  for (const name of Object.keys(module).filter((each) => each.startsWith("paginate"))) {
    const input = /StreamKeys|StreamSessions/.test(name) ? { channelArn } : {};
    sizes[name] = [];
    for await (const page of module[name]({ client, pageSize: 2 }, input)) {
      sizes[name].push(Object.values(page).find(Array.isArray).length);
    }
  }
}
console.log(JSON.stringify(sizes));
