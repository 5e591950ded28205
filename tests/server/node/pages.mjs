// Go through every list that the packages have a paginator for, two at a time:
// node pages.mjs URL CHANNEL_ARN STAGE_ARN SESSION_ID HOST GUEST
// The host is replicated, and the guest has had events.
import { services } from "./clients.mjs";

const [channelArn, stageArn, sessionId, host, guest] = process.argv.slice(3);
const inputs = [
  [/StreamKeys|StreamSessions/, { channelArn }],
  [/StageSessions/, { stageArn }],
  [/Participants/, { stageArn, sessionId }],
  [/ParticipantEvents/, { stageArn, sessionId, participantId: guest }],
  [/ParticipantReplicas/, { sourceStageArn: stageArn, participantId: host }],
];
const sizes = {};
for (const { module, client } of Object.values(services)) {
  for (const name of Object.keys(module).filter((each) => each.startsWith("paginate"))) {
    const input = { ...inputs.find(([pattern]) => pattern.test(name))?.[1] }; // a paginator changes it
    sizes[name] = [];
    for await (const page of module[name]({ client, pageSize: 2 }, input)) {
      sizes[name].push(Object.values(page).find(Array.isArray).length);
    }
  }
}
console.log(JSON.stringify(sizes));
