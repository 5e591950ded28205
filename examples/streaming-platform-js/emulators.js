// What stands for AWS in the tests: `ivsim serve`, and moto's server as the S3 to which it writes recordings.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

/** Start both, have the events of rules.json POSTed to a URL instead, and set the environment of AWS's SDKs. */
export async function startEmulators(hook) {
  const folder = await mkdtemp(join(tmpdir(), "emulators-"));
  const rules = JSON.parse(await readFile(new URL("rules.json", import.meta.url)));
  rules[0].target.url = hook;
  const file = join(folder, "rules.json");
  await writeFile(file, JSON.stringify(rules));
  Object.assign(process.env, { AWS_REGION: "us-west-2", AWS_ACCESS_KEY_ID: "any", AWS_SECRET_ACCESS_KEY: "any" });
  const moto = await start("moto_server", ["-H", "127.0.0.1", "-p", "0"]);
  process.env.AWS_ENDPOINT_URL_S3 = moto.url;
  const ivsim = await start("ivsim", ["serve", "--port", "0", "--rtmp-port", "0", "--quiet", "--rules", file]);
  process.env.AWS_ENDPOINT_URL_IVS = process.env.AWS_ENDPOINT_URL_IVSCHAT = ivsim.url;

  /** Ask a control endpoint of ivsim: http://127.0.0.1:4870/_ivsim/openapi.json lists them. */
  async function control(method, path, body) {
    const answer = await fetch(`${ivsim.url}/_ivsim${path}`, { method, body: body && JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${text}`);
    return text && JSON.parse(text);
  }

  return {
    control,
    chatUrl: ivsim.url.replace("http", "ws"),

    /** Empty both. */
    async reset() {
      await control("POST", "/reset");
      await fetch(`${moto.url}/moto-api/reset`, { method: "POST" });
    },

    /** Wait until what has happened so far was told by events. */
    async delivered() {
      for (;;) {
        const [{ waiting, undelivered }] = await control("GET", "/rules");
        if (undelivered.length > 0) throw new Error(undelivered[0].reason);
        if (waiting === 0) return;
        await sleep(10);
      }
    },

    async stop() {
      await Promise.all([ivsim.stop(), moto.stop()]);
      await rm(folder, { recursive: true });
    },
  };
}

/** Start a program, and wait until it says at which URL it is. */
export async function start(command, args, env = {}) {
  const program = spawn(command, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  const kill = () => program.kill();
  process.once("exit", kill);
  const said = [];
  const url = await new Promise((resolve, reject) => {
    for (const output of [program.stdout, program.stderr]) {
      createInterface({ input: output }).on("line", (line) => {
        said.push(line);
        const [found] = line.match(/http:\/\/127\.0\.0\.1:\d+/) ?? [];
        if (found) resolve(found);
      });
    }
    program.once("error", reject);
    program.once("exit", (code) => reject(new Error(`${command} ended with ${code}:\n${said.join("\n")}`)));
  });
  return {
    url,
    async stop() {
      process.off("exit", kill);
      const ended = once(program, "exit");
      program.kill();
      await ended;
    },
  };
}
