// The reference in the reader's colours, and its licence in line with the rest.
"use strict";

const reference = document.querySelector("rapi-doc");
const dark = matchMedia("(prefers-color-scheme: dark)");

function followScheme() {
  const colours = dark.matches
    ? { theme: "dark", "bg-color": "#131715", "nav-bg-color": "#1c221f", "primary-color": "#5cc9a5" }
    : { theme: "light", "bg-color": "#ffffff", "nav-bg-color": "#f6f7f5", "primary-color": "#0b7a5c" };
  for (const [name, colour] of Object.entries(colours)) reference.setAttribute(name, colour);
}

dark.addEventListener("change", followScheme);
followScheme();

// RapiDoc moves the line of the licence out of the text, and offers no part to style it by.
customElements.whenDefined("rapi-doc").then(() => {
  const style = new CSSStyleSheet();
  style.replaceSync("#api-info { margin-left: 0; }");
  reference.shadowRoot.adoptedStyleSheets.push(style);
});
