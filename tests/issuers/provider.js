// An OpenID provider (oidc-provider, certified) on a port of this machine. It is told on standard
// input, one JSON object a line: {"rotate": true} replaces the signing keys.
import { createServer } from "node:http";
import { createInterface } from "node:readline";

import { exportJWK, generateKeyPair } from "jose";
import Provider from "oidc-provider";

const { port, clientId, clientSecret, user, redirectUri, frontEnds, emails } = JSON.parse(process.argv[2]);
const issuer = `http://127.0.0.1:${port}`;
const scope = "workout-logs:read workout-logs:write";

// The audience says which kind of token a client gets: https://jwt.example/ES256 and so on.
function resourceServer(_context, resource) {
  const [kind, algorithm] = resource.replace("https://", "").split("/");
  const format = kind === "opaque.example" ? "opaque" : "jwt";
  return {
    scope,
    audience: "https://workout-logs.example",
    accessTokenTTL: 600,
    accessTokenFormat: format,
    jwt: format === "jwt" ? { sign: { alg: algorithm } } : undefined,
  };
}

// Like Google, the provider knows its users by a number of its own: the login is one.
function account(id) {
  return { sub: id, name: "Ada", email: emails[id], email_verified: true };
}

async function newKeys() {
  const keys = [];
  for (const alg of ["RS256", "ES256", "Ed25519"]) {
    const { privateKey } = await generateKeyPair(alg, { extractable: true });
    keys.push({ ...(await exportJWK(privateKey)), alg, use: "sig" });
  }
  return { keys };
}

async function newProvider() {
  return new Provider(issuer, {
    jwks: await newKeys(),
    clients: [
      {
        client_id: user,
        client_secret: clientSecret,
        grant_types: ["client_credentials"],
        redirect_uris: [],
        response_types: [],
      },
      {
        client_id: "browser",
        token_endpoint_auth_method: "none",
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"],
        redirect_uris: [redirectUri],
        application_type: "native",
      },
      ...frontEnds.map((origin) => ({
        client_id: origin,
        client_secret: clientSecret,
        grant_types: ["authorization_code"],
        response_types: ["code"],
        redirect_uris: [`${origin}/api/auth/callback/google`],
      })),
      {
        client_id: clientId,
        client_secret: clientSecret,
        grant_types: [],
        redirect_uris: [],
        response_types: [],
      },
    ],
    scopes: ["openid", "offline_access", ...scope.split(" ")],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    conformIdTokenClaims: false,
    findAccount: (_context, id) => ({ accountId: id, claims: () => account(id) }),
    issueRefreshToken: () => true,
    features: {
      clientCredentials: { enabled: true },
      introspection: {
        enabled: true,
        allowedPolicy: (_context, client) => client.clientId === clientId,
      },
      revocation: { enabled: true, allowedPolicy: () => true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: resourceServer,
        useGrantedResource: () => true,
      },
    },
  });
}

let handle = (await newProvider()).callback();

createInterface(process.stdin).on("line", async (line) => {
  if (JSON.parse(line).rotate) {
    handle = (await newProvider()).callback();
    console.log("rotated");
  }
});

createServer((request, response) => handle(request, response)).listen(port, "127.0.0.1", () =>
  console.log("ready"),
);
