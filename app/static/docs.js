// The Swagger UI of /docs. What it signs in with comes from the page: data-sign-in.
"use strict";

const element = document.getElementById("swagger-ui");
const signIn = JSON.parse(element.dataset.signIn);

const dark = matchMedia("(prefers-color-scheme: dark)");
const followScheme = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", followScheme);
followScheme();

// The published document cannot know where this server's people sign in.
function withSignIn(spec) {
  for (const scheme of Object.values(spec.components.securitySchemes ?? {})) {
    if (signIn && scheme.flows?.authorizationCode) {
      scheme.flows.authorizationCode.authorizationUrl = signIn.authorization_url;
      scheme.flows.authorizationCode.tokenUrl = signIn.token_url;
    }
  }
  return spec;
}

async function start() {
  const spec = await (await fetch("/openapi.json")).json();
  const ui = SwaggerUIBundle({
    domNode: element,
    spec: withSignIn(spec),
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
      clientId: signIn.client_id,
      scopes: signIn.scopes,
      usePkceWithAuthorizationCodeGrant: true,
    });
  }
}

start();
