// The Swagger UI of /docs. /openapi.json says where people sign in; data-sign-in, as which client.
"use strict";

// What a proxy takes off the paths of requests, such as /training.
const { prefix } = document.documentElement.dataset;
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

// In the order of the paths: the logs first, not last.
function withTagsInOrder(spec) {
  const operations = Object.values(spec.paths).flatMap((path) => Object.values(path));
  const tags = [...new Set(operations.flatMap(({ tags = [] }) => tags))];
  spec.tags.sort((one, other) => tags.indexOf(one.name) - tags.indexOf(other.name));
  return spec;
}

// What the Swagger UI leaves without a name, for screen readers and keyboards.
const NAMES = {
  ".close-modal": "Close",
  ".body-param__text": "Request body",
  ".examples-select-element": "Example",
  ".operation-filter-input": "Filter",
};
const REGIONS = {
  ".information-container": "About this API",
  ".scheme-container": "Sign-in",
  ".filter-container": "Filter of the operations",
};

function nameWhatHasNoName() {
  const each = (selector, change) => element.querySelectorAll(selector).forEach(change);
  for (const [selector, name] of Object.entries(NAMES)) each(`${selector}:not([aria-label])`, (found) => found.setAttribute("aria-label", name));
  for (const [selector, name] of Object.entries(REGIONS)) {
    each(`${selector}:not([role])`, (found) => {
      found.setAttribute("role", "region");
      found.setAttribute("aria-label", name);
    });
  }
  each("[data-param-name] select:not([aria-label])", (found) => found.setAttribute("aria-label", found.closest("[data-param-name]").dataset.paramName));
  each(".scopes h2:not([aria-level]), .auth-container h6:not([aria-level])", (heading) => heading.setAttribute("aria-level", "5"));
  each(".responses-table[role]:not([aria-label])", (table) => table.setAttribute("aria-label", `Responses of ${table.closest(".opblock").id}`));
  each("th:empty", (header) => header.replaceWith(document.createElement("td")));
  each(".opblock-summary-control a[href]", (link) => link.removeAttribute("href")); // a link in a button
  each(".modal-btn.authorize[aria-label]", (button) => button.removeAttribute("aria-label")); // not what it says
  each("pre.microlight:not([tabindex])", (code) => (code.tabIndex = 0));
}

new MutationObserver(nameWhatHasNoName).observe(element, { childList: true, subtree: true });

function start(spec) {
  const ui = SwaggerUIBundle({
    domNode: element,
    spec: withoutExamplesOfDelete(withTagsInOrder(spec)),
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
    oauth2RedirectUrl: `${location.origin}${prefix}/docs/oauth2-redirect.html`,
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
    const response = await fetch(`${prefix}/api/me`, { headers: { Authorization: `Bearer ${token}` } });
    const said = await response.json();
    return response.ok ? `${said.data.name} (${said.data.role})` : said.title;
  } catch (error) {
    return `Not known: ${error.message}`;
  }
}

fetch(`${prefix}/openapi.json`)
  .then((response) => response.json())
  .then(start);
