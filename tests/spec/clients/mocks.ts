// What orval's mocks make up of each response, in characters: mocks.ts.
import * as client from "./orval/client.js";

const sizes = Object.entries(client)
  .filter(([name]) => name.endsWith("ResponseMock"))
  // Of CSV, orval makes up nothing.
  .map(([name, mock]) => [name, (JSON.stringify((mock as () => unknown)()) ?? "").length]);
console.log(JSON.stringify(Object.fromEntries(sizes)));
