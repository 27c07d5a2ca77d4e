// The reference in the reader's colours.
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
