import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    setupFiles: ["./each-test.js"],
    hookTimeout: 120_000,
    sequence: { hooks: "stack" },
  },
});
