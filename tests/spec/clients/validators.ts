// Every response of a log's life passes the generated validators: validators.ts URL TOKEN SESSION.
import assert from "node:assert/strict";
import * as valibot from "valibot";
import * as v from "./hey/valibot.gen.js";
import * as z from "./hey/zod.gen.js";
import * as orval from "./orval/zod.js";

const [baseUrl, token, sessionId] = process.argv.slice(2) as [string, string, string];
const path = "/api/workout-logs";

/** Sends a request; its response has to pass these validators. */
async function call(
  method: string,
  path: string,
  expected: { status: number; checks: ((body: unknown) => unknown)[] },
  body?: object,
  headers?: Record<string, string>,
): Promise<any> {
  const response = await fetch(baseUrl + path, {
    method,
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json", ...headers },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  assert.equal(response.status, expected.status, text);
  const parsed = text && JSON.parse(text);
  for (const check of expected.checks) assert.deepEqual(check(parsed), parsed);
  return { ...parsed, etag: response.headers.get("ETag") };
}

const log = [
  (body: unknown) => z.zWorkoutLogResponse.parse(body),
  (body: unknown) => valibot.parse(v.vWorkoutLogResponse, body),
  (body: unknown) => orval.getWorkoutLogResponse.parse(body),
];
const list = [
  (body: unknown) => z.zWorkoutLogList.parse(body),
  (body: unknown) => valibot.parse(v.vWorkoutLogList, body),
  (body: unknown) => orval.listWorkoutLogsResponse.parse(body),
];
const problem = [
  (body: unknown) => z.zProblem.parse(body),
  (body: unknown) => valibot.parse(v.vProblem, body),
];

const body = {
  sessionId,
  status: "completed",
  actualDistance: 10,
  actualDuration: "50:00",
  notes: "สบายมาก \u2028 ok",
  injuries: ["left knee"],
  externalLink: "https://www.strava.com/activities/1",
};
z.zWorkoutLogCreate.parse(body);
valibot.parse(v.vWorkoutLogCreate, body);
orval.createWorkoutLogBody.parse(body);

const created = await call("POST", path, { status: 201, checks: log }, body);
const { id } = created.data;
const one = `${path}/${id}`;
await call("POST", path, { status: 409, checks: problem }, body);
await call("GET", one, { status: 200, checks: log });

const change = { notes: null, feeling: "tired", actualDistance: 10.5 };
z.zWorkoutLogUpdate.parse(change);
valibot.parse(v.vWorkoutLogUpdate, change);
orval.updateWorkoutLogBody.parse(change);
await call("PUT", one, { status: 200, checks: log }, change, { "If-Match": created.etag });
await call("PUT", one, { status: 412, checks: problem }, change, { "If-Match": created.etag });
await call("PUT", one, { status: 422, checks: problem }, { temperature: 1000, x: 1 });

let cursor: string | null = "";
while (cursor !== null) {
  const query: string = `?limit=10&withTotal=true${cursor && `&cursor=${cursor}`}`;
  const page = await call("GET", path + query, { status: 200, checks: list });
  cursor = page.pagination.nextCursor;
}
await call("GET", `${path}?limit=0`, { status: 422, checks: problem });
await call("GET", path, { status: 401, checks: problem }, undefined, { Authorization: "" });
await call("DELETE", one, { status: 204, checks: [] });
await call("GET", one, { status: 404, checks: problem });
