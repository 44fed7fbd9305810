import { defineConfig } from "@playwright/test";

export default defineConfig({
  reporter: "line",
  // For restart.spec.js.
  retries: 1,
});
