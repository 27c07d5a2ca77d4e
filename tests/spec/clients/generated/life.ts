// The life of a log through the client of typescript-fetch: life.ts URL TOKEN SESSION.
import { strict as assert } from "node:assert";
import { Configuration, ResponseError, WorkoutLogsApi } from "./client/index";

const [basePath, accessToken, sessionId] = process.argv.slice(2) as [string, string, string];
const api = new WorkoutLogsApi(new Configuration({ basePath, accessToken }));

async function status(call: Promise<unknown>): Promise<number> {
  try {
    await call;
    return 200;
  } catch (error) {
    if (error instanceof ResponseError) return error.response.status;
    throw error;
  }
}

async function main(): Promise<void> {
  const body = {
    sessionId,
    status: "completed",
    actualDistance: 10,
    actualDuration: "50:00",
    feeling: "good",
  } as const;
  const created = await api.createWorkoutLogRaw({ workoutLogCreate: body });
  const log = (await created.value()).data;
  assert.deepEqual([log.actualPace, log.notes], ["5:00", null]);
  assert.equal(await status(api.createWorkoutLog({ workoutLogCreate: body })), 409);

  const ifMatch = created.raw.headers.get("ETag") ?? "";
  const workoutLogUpdate = { actualDistance: 10.5, feeling: null };
  const change = { logId: log.id, workoutLogUpdate, ifMatch };
  const updated = await api.updateWorkoutLog(change);
  assert.ok(updated); // nothing for a token that may not read
  assert.deepEqual([updated.data.feeling, updated.data.actualDistance], [null, 10.5]);
  assert.equal(await status(api.updateWorkoutLog(change)), 412);

  const page = await api.listWorkoutLogs({ limit: 1, withTotal: true });
  assert.equal(page.data[0]?.id, log.id);
  const second = await api.listWorkoutLogs({ limit: 1, cursor: page.pagination.nextCursor ?? "" });
  assert.notEqual(second.data[0]?.id, log.id);

  await api.deleteWorkoutLog({ logId: log.id });
  assert.equal(await status(api.getWorkoutLog({ logId: log.id })), 404);
}

void main();
