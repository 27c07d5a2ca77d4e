// The Swagger UI of /docs. /openapi.json says where people sign in; data-sign-in, as which client.
"use strict";

const element = document.getElementById("swagger-ui");
const caller = document.getElementById("caller");
const signOut = document.getElementById("sign-out");
const signIn = JSON.parse(element.dataset.signIn);

const dark = matchMedia("(prefers-color-scheme: dark)");
const followScheme = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", followScheme);
followScheme();

// A click on Execute must not delete what an example names: DELETE has no example of its path.
// The Swagger UI shows a parameter of a path beside the operation's own one of the same name.
function withoutExamplesOfDelete(spec) {
  const resolve = (each) => (each.$ref ? spec.components.parameters[each.$ref.split("/").pop()] : each);
  for (const path of Object.values(spec.paths)) {
    if (!path.delete) continue;
    const { parameters: shared = [], ...operations } = path;
    delete path.parameters;
    for (const [method, operation] of Object.entries(operations)) {
      const parameters = shared.map(resolve).map(({ example, ...rest }) => (method === "delete" ? rest : { example, ...rest }));
      operation.parameters = [...parameters, ...(operation.parameters ?? [])];
    }
  }
  return spec;
}

function start(spec) {
  const ui = SwaggerUIBundle({
    domNode: element,
    spec: withoutExamplesOfDelete(spec),
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
    oauth2RedirectUrl: `${location.origin}/docs/oauth2-redirect.html`,
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    defaultModelExpandDepth: 2,
    displayRequestDuration: true,
    filter: true,
    persistAuthorization: false,
    tryItOutEnabled: true,
    validatorUrl: null,
  });
  if (signIn) {
    ui.initOAuth({
      clientId: signIn.clientId,
      scopes: signIn.scopes,
      usePkceWithAuthorizationCodeGrant: true,
    });
  }
  keepSignedIn(ui);
}

// Signed in until the tab is closed, over a reload, too.
const KEPT = "authorized";

function keepSignedIn(ui) {
  let known = ui.authSelectors.authorized();
  ui.getStore().subscribe(() => {
    const now = ui.authSelectors.authorized();
    if (now === known) return;
    known = now;
    sessionStorage.setItem(KEPT, JSON.stringify(now));
    showCaller(ui);
  });
  signOut.addEventListener("click", () => ui.authActions.logout(Object.keys(known.toJS())));
  const kept = sessionStorage.getItem(KEPT);
  if (kept) ui.authActions.restoreAuthorization({ authorized: JSON.parse(kept) });
}

function tokenOf(ui) {
  const authorizations = Object.values(ui.authSelectors.authorized().toJS());
  return authorizations.map((each) => each.token?.access_token ?? each.value).find(Boolean);
}

async function showCaller(ui) {
  const token = tokenOf(ui);
  signOut.hidden = !token;
  caller.textContent = token ? "Signed in …" : "Not signed in";
  if (!token) return;
  const name = await nameOf(token);
  if (tokenOf(ui) === token) caller.textContent = name; // else somebody else has signed in meanwhile
}

async function nameOf(token) {
  try {
    const response = await fetch("/api/me", { headers: { Authorization: `Bearer ${token}` } });
    const said = await response.json();
    return response.ok ? `${said.data.name} (${said.data.role})` : said.title;
  } catch (error) {
    return `Not known: ${error.message}`;
  }
}

fetch("/openapi.json")
  .then((response) => response.json())
  .then(start);
