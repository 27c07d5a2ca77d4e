// Runs the TypeScript client of docs/sync.md until it is killed: follow.ts FILE URL TOKEN.
import { setTimeout } from "node:timers/promises";
import { sync } from "./shown.js";

const [file, url, token] = process.argv.slice(2) as [string, string, string];
for (;;) {
  await sync(file, url, token).catch((error: unknown) => console.error(error));
  await setTimeout(50);
}
