// A first call with the AWS SDK for JavaScript: node health.mjs URL
import { CreateChannelCommand, IvsClient } from "@aws-sdk/client-ivs";

const credentials = { accessKeyId: "any", secretAccessKey: "any" };
const ivs = new IvsClient({ endpoint: process.argv[2], region: "eu-west-1", credentials });
const { channel } = await ivs.send(new CreateChannelCommand({ name: "evening-show" }));
console.log(JSON.stringify({ arn: channel.arn }));
