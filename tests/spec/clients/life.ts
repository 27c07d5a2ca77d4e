// The whole life of a log through the generated TypeScript client: life.ts URL TOKEN SESSION.
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths } from "./workout-logs.js";

const [baseUrl, token, sessionId] = process.argv.slice(2) as [string, string, string];
const client = createClient<paths, `application/${string}`>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });
const path = "/api/workout-logs/{logId}";

const body: components["schemas"]["WorkoutLogCreate"] = {
  sessionId,
  status: "completed",
  actualDistance: 10,
  actualDuration: "50:00",
  feeling: "good",
};
const created = await client.POST("/api/workout-logs", {
  params: { header: { "Idempotency-Key": "life" } },
  body,
});
assert(created.data);
const log = created.data.data;
assert.deepEqual([log.status, log.actualPace, log.notes], ["completed", "5:00", null]);
assert.equal(log.session?.id, sessionId);

const again = await client.POST("/api/workout-logs", { body });
assert.deepEqual([again.error?.code, again.error?.existingId], ["duplicate-workout-log", log.id]);

const first = await client.GET("/api/workout-logs", {
  params: { query: { limit: 1, withTotal: true } },
});
assert.equal(first.data?.data[0]?.id, log.id);
const cursor = first.data?.pagination.nextCursor;
assert(cursor);
const second = await client.GET("/api/workout-logs", { params: { query: { limit: 1, cursor } } });
assert.notEqual(second.data?.data[0]?.id, log.id);

const etag = created.response.headers.get("ETag");
assert(etag);
const unchanged = await client.GET(path, {
  params: { path: { logId: log.id }, header: { "If-None-Match": etag } },
});
assert.equal(unchanged.response.status, 304);

const change = (header: { "If-Match"?: string }) =>
  client.PUT(path, {
    params: { path: { logId: log.id }, header },
    body: { notes: "One more lap", actualDistance: 10.5, feeling: null },
  });
const updated = await change({ "If-Match": etag });
assert.equal(updated.data?.data.notes, "One more lap");
assert.equal(updated.data.data.feeling, null);
assert.equal(updated.data.data.actualPaceSeconds, 286);

const late = await change({ "If-Match": etag });
assert.equal(late.error?.code, "precondition-failed");

const params = { path: { logId: log.id } };
const wrong = await client.PUT(path, { params, body: { temperature: 1000 } });
assert.equal(wrong.error?.errors?.[0]?.pointer, "/temperature");

// What was read may be sent back whole.
const read = await client.GET(path, { params });
assert(read.data);
const { status, ...others } = read.data.data;
const same = await client.PUT(path, { params, body: { ...others, status: status ?? "completed" } });
assert.deepEqual(same.data, read.data);

assert.equal((await client.DELETE(path, { params })).response.status, 204);
assert.equal((await client.GET(path, { params })).error?.code, "not-found");
