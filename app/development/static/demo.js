// A small front end on the API's operations. Everything comes from the server that serves this page.
"use strict";

// What a server takes off the paths of requests, such as /training.
const { prefix } = document.documentElement.dataset;
const view = document.getElementById("view");
const who = document.getElementById("who");
const clientId = view.dataset.clientId;
const redirectUri = `${location.origin}${prefix}/demo`;
const scope = "openid profile workout-logs:read";
const today = new Date().toLocaleDateString("sv"); // YYYY-MM-DD, where the person is

// --- Signing in: the code grant with PKCE (RFC 7636) ---

const base64url = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));
const endpoints = async () => (await fetch(`${prefix}/.well-known/openid-configuration`)).json();

async function signIn() {
  const verifier = random();
  const state = random();
  sessionStorage.setItem("demo-sign-in", JSON.stringify({ verifier, state }));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  const query = new URLSearchParams({
    response_type: "code",
    client_id: clientId,
    redirect_uri: redirectUri,
    scope,
    state,
    code_challenge: base64url(digest),
    code_challenge_method: "S256",
  });
  location.assign(`${(await endpoints()).authorization_endpoint}?${query}`);
}

async function finishSignIn() {
  const returned = new URLSearchParams(location.search);
  const { verifier, state } = JSON.parse(sessionStorage.getItem("demo-sign-in") ?? "{}");
  history.replaceState(null, "", `${prefix}/demo`);
  sessionStorage.removeItem("demo-sign-in");
  if (!returned.has("code") || returned.get("state") !== state) return;
  const response = await fetch((await endpoints()).token_endpoint, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "authorization_code",
      client_id: clientId,
      redirect_uri: redirectUri,
      code: returned.get("code"),
      code_verifier: verifier,
    }),
  });
  if (response.ok) sessionStorage.setItem("demo-token", (await response.json()).access_token);
}

function signOut() {
  sessionStorage.removeItem("demo-token");
  location.assign(`${prefix}/demo`);
}

// --- The API ---

async function get(path, query = {}) {
  const headers = { Authorization: `Bearer ${sessionStorage.getItem("demo-token")}` };
  const response = await fetch(`${prefix}${path}?${new URLSearchParams(query)}`, { headers });
  if (response.status === 401) signOut();
  const body = await response.json();
  if (!response.ok) throw new Error(`${body.title}. ${body.detail}`);
  return body;
}

// --- What people see ---

function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

function show(id) {
  view.replaceChildren(document.getElementById(id).content.cloneNode(true));
}

const percent = (share) => (share === null ? "–" : `${Math.round(share * 100)} %`);
const day = (date) => new Date(`${date}T12:00`).toLocaleDateString(undefined, { weekday: "short", day: "numeric", month: "short" });
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function chartOf(weeks) {
  const figure = element("div", "chart");
  const said = weeks.map(({ weekStart, distance }) => `week of ${day(weekStart)}: ${distance.actual} of ${distance.planned} km`);
  figure.setAttribute("role", "img");
  figure.setAttribute("aria-label", `Distance planned and run, ${said.join("; ")}`);
  const draw = () => {
    const bars = (size, fill) => ({ fill, width: 0, points: { show: false }, paths: uPlot.paths.bars({ size: [size, size * 80], radius: 0.15 }) });
    const axis = { stroke: colour("--quiet"), font: "12px system-ui, sans-serif", grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
    figure.replaceChildren();
    new uPlot(
      {
        width: figure.clientWidth,
        height: 170,
        legend: { show: false },
        cursor: { show: false },
        scales: { x: { time: false, range: [-0.6, weeks.length - 0.4] }, y: { range: (_, __, most) => [0, Math.max(most, 1) * 1.1] } },
        axes: [
          { ...axis, size: 30, grid: { show: false }, splits: weeks.map((_, index) => index), values: (_, splits) => splits.map((index) => (weeks[index] ? day(weeks[index].weekStart).replace(/^\S+,? /, "") : "")) },
          { ...axis, size: 56, values: (_, splits) => splits.map((km) => `${km} km`) },
        ],
        series: [{}, bars(0.75, colour("--planned")), bars(0.4, colour("--accent"))],
      },
      [weeks.map((_, index) => index), weeks.map((week) => week.distance.planned), weeks.map((week) => week.distance.actual)],
      figure,
    );
  };
  new ResizeObserver(draw).observe(figure);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  const key = element("p", "key", element("b", "", "planned"), element("b", "actual", "run"));
  return element("div", "", figure, key);
}

function alarmsOf({ sessions, injuries, pendingReviews }) {
  const tags = element("ul", "tags");
  if (sessions.unlogged) tags.append(element("li", "alarm", `${sessions.unlogged} not recorded`));
  if (injuries) tags.append(element("li", "alarm", `${injuries} with an injury`));
  if (pendingReviews) tags.append(element("li", "", `${pendingReviews} to review`));
  if (!tags.childElementCount) tags.append(element("li", "", "all in order"));
  return tags;
}

async function showDashboard() {
  const { data } = await get("/api/progress", { asOf: today });
  show("dashboard");
  const least = data.reduce((sum, { total }) => sum + total.sessions.unlogged, 0);
  view.querySelector(".lead").textContent = `${data.length} runners, the last four weeks. ${least} sessions are not recorded.`;
  view.querySelector(".runners").append(
    ...data.map(({ runner, weeks, total }) => {
      const name = element("h2", "", runner.name ?? runner.id, element("span", "figure", percent(total.adherence)));
      const caption = element("span", "figure-name", `${total.sessions.completed} of ${total.sessions.due} sessions completed`);
      return element("li", "card runner", name, caption, alarmsOf(total), chartOf(weeks));
    }),
  );
}

function sessionRow({ date, type, distance, state, log }) {
  const time = element("time", "", day(date));
  time.dateTime = date;
  const done = log?.actualDistance ? `${log.actualDistance} km run` : log?.status;
  const planned = [type ?? "session", distance].filter(Boolean).join(", ");
  const kind = element("span", "kind", done ? `${planned}: ${done}` : planned);
  return element("li", date === today ? "today" : "", time, kind, element("span", `state ${state}`, state));
}

async function showWeek() {
  const { data } = await get("/api/progress", { asOf: today });
  const weeks = data[0]?.weeks ?? [];
  const monday = weeks.at(-1).weekStart;
  const sunday = new Date(Date.parse(monday) + 6 * 86400000).toISOString().slice(0, 10);
  const [sessions, overdue] = await Promise.all([
    get("/api/training-sessions", { asOf: today, dateFrom: monday, dateTo: sunday }),
    get("/api/training-sessions", { asOf: today, state: "overdue" }),
  ]);
  show("week");
  const { distance, sessions: counts } = weeks.at(-1);
  view.querySelector(".lead").textContent = `${distance.actual} of ${distance.planned} km, ${counts.completed} of ${counts.planned} sessions.`;
  view.querySelector(".days").append(...sessions.data.map(sessionRow));
  view.querySelector(".card").append(chartOf(weeks));
  view.querySelector(".overdue .days").append(...overdue.data.map(sessionRow));
  view.querySelector(".overdue").hidden = !overdue.data.length;
}

async function start() {
  document.getElementById("sign-in").addEventListener("click", signIn);
  const out = document.getElementById("sign-out");
  out.addEventListener("click", signOut);
  if (location.search) await finishSignIn();
  if (!sessionStorage.getItem("demo-token")) return;
  out.hidden = false;
  const me = (await get("/api/me")).data;
  who.textContent = `${me.name ?? me.id} (${me.role})`;
  await (me.role === "runner" ? showWeek() : showDashboard());
}

start().catch((error) => view.prepend(element("p", "lead", error.message)));
