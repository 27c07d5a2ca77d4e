// The real app's front end in small: NextAuth.js v4 or Auth.js v5 at /api/auth, with an OpenID
// provider in Google's place, and /api/workout-logs handed on to the API as Next.js' rewrites do.
import { createServer, request as send } from "node:http";
import { createRequire } from "node:module";

import { Auth } from "@auth/core";

const require = createRequire(import.meta.url);
// The package exports only what is for Next.js.
const { AuthHandler } = require("./node_modules/next-auth/core/index.js");

const { port, version, secret, issuer, clientId, clientSecret, api } = JSON.parse(process.argv[2]);
const origin = `http://127.0.0.1:${port}`;
process.env.NEXTAUTH_URL = origin;

const profile = ({ sub, name, email }) => ({ id: sub, name, email, image: null });
const provider = { id: "google", name: "Google", clientId, clientSecret, profile };
const scope = "openid email profile";

async function v4(request, url, body) {
  const [action, providerId] = url.pathname.slice("/api/auth/".length).split("/");
  const cookies = Object.fromEntries(
    (request.headers.cookie ?? "")
      .split("; ")
      .filter(Boolean)
      .map((each) => [each.slice(0, each.indexOf("=")), each.slice(each.indexOf("=") + 1)])
      .map(([name, value]) => [name, decodeURIComponent(value)]),
  );
  const { status, headers = [], redirect, cookies: set = [], body: text } = await AuthHandler({
    req: {
      origin,
      method: request.method,
      headers: request.headers,
      query: Object.fromEntries(url.searchParams),
      body: Object.fromEntries(new URLSearchParams(body)),
      cookies,
      action,
      providerId,
    },
    options: {
      secret,
      session: { strategy: "jwt" },
      providers: [
        {
          ...provider,
          type: "oauth",
          wellKnown: `${issuer}/.well-known/openid-configuration`,
          authorization: { params: { scope } },
          idToken: true,
          checks: ["pkce", "state"],
        },
      ],
      logger: { error: console.error, warn() {}, debug() {} },
    },
  });
  const { serialize } = require("cookie");
  return {
    status: redirect ? 302 : (status ?? 200),
    headers: [
      ...headers.map(({ key, value }) => [key, value]),
      ...set.map(({ name, value, options }) => ["Set-Cookie", serialize(name, value, options)]),
      ...(redirect ? [["Location", redirect]] : []),
    ],
    body: typeof text === "string" ? text : JSON.stringify(text ?? {}),
  };
}

async function v5(request, url, body) {
  const response = await Auth(
    new Request(url, {
      method: request.method,
      headers: request.headers,
      body: request.method === "POST" ? body : undefined,
    }),
    {
      secret,
      trustHost: true,
      basePath: "/api/auth",
      session: { strategy: "jwt" },
      providers: [{ ...provider, type: "oidc", issuer, authorization: { params: { scope } } }],
      logger: { error: console.error, warn() {}, debug() {} },
    },
  );
  return { status: response.status, headers: [...response.headers], body: await response.text() };
}

createServer(async (request, response) => {
  const url = new URL(request.url, origin);
  if (url.pathname.startsWith("/api/workout-logs")) {
    const { hostname, port: apiPort } = new URL(api);
    const headers = { ...request.headers, host: `${hostname}:${apiPort}` };
    const { method } = request;
    const onward = send({ hostname, port: apiPort, path: request.url, method, headers }, (got) => {
      response.writeHead(got.statusCode, got.rawHeaders);
      got.pipe(response);
    });
    request.pipe(onward);
    return;
  }
  let body = "";
  for await (const part of request) body += part;
  if (!url.pathname.startsWith("/api/auth/")) {
    response.writeHead(200, { "Content-Type": "text/html" }).end("<title>Front end</title>");
    return;
  }
  const found = await (version === 4 ? v4 : v5)(request, url, body);
  for (const [name, value] of found.headers) response.appendHeader(name, value);
  response.writeHead(found.status).end(found.body);
}).listen(port, "127.0.0.1", () => console.log("ready"));
