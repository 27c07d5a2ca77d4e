// Session tokens and cookies as NextAuth.js v4 and Auth.js v5 make them. Standard input holds an
// array of {version, secret, token, maxAge?, salt?, chunkAs?}; the response is an array of strings,
// or of {cookie name: value} where `chunkAs` names the cookie.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

import { encode as encodeV5 } from "@auth/core/jwt";

const require = createRequire(import.meta.url);
const { encode: encodeV4 } = require("next-auth/jwt");

const silent = { debug() {}, warn() {}, error() {} };

// Neither package exports its way of cutting cookies; both keep it in one file.
async function chunk(version, name, value) {
  const option = { name, options: {} };
  if (version === 4) {
    const { SessionStore } = require("./node_modules/next-auth/core/lib/cookie.js");
    return new SessionStore(option, { cookies: {} }, silent).chunk(value, {});
  }
  const file = new URL("./node_modules/@auth/core/lib/utils/cookie.js", import.meta.url);
  const { SessionStore } = await import(pathToFileURL(file.pathname));
  return new SessionStore(option, {}, silent).chunk(value, {});
}

let input = "";
for await (const part of process.stdin) input += part;

const made = [];
for (const { version, chunkAs, ...parameters } of JSON.parse(input)) {
  const value = await (version === 4 ? encodeV4 : encodeV5)(parameters);
  if (chunkAs) {
    const cookies = await chunk(version, chunkAs, value);
    made.push(Object.fromEntries(cookies.map((cookie) => [cookie.name, cookie.value])));
  } else {
    made.push(value);
  }
}
console.log(JSON.stringify(made));
