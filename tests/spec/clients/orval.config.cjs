const input = process.env.OPENAPI;
module.exports = {
  validators: { input, output: { client: "zod", target: "orval/zod.ts" } },
  mocks: { input, output: { client: "fetch", target: "orval/client.ts", mock: { type: "faker" } } },
};
