// The Swagger UI of /docs. /openapi.json says where people sign in; data-sign-in, as which client.
"use strict";

const element = document.getElementById("swagger-ui");
const signIn = JSON.parse(element.dataset.signIn);

const dark = matchMedia("(prefers-color-scheme: dark)");
const followScheme = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", followScheme);
followScheme();

const ui = SwaggerUIBundle({
  domNode: element,
  url: "/openapi.json",
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
