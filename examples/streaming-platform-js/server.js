// Puts the platform on a port: PORT, or 3000.
import { serve } from "@hono/node-server";

import { createPlatform } from "./platform.js";

const platform = await createPlatform(process.env.RECORDING_CONFIGURATION_ARN);
const port = Number(process.env.PORT ?? 3000);
const server = serve({ fetch: platform.fetch, hostname: "127.0.0.1", port }, ({ address, port }) =>
  console.log(`The platform is at http://${address}:${port}`),
);
process.once("SIGTERM", () => server.close());
