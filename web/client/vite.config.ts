import { defineConfig } from "vite";

export default defineConfig({
  base: "/static/dist/",
  build: {
    outDir: "../static/dist",
    emptyOutDir: true,
    manifest: true,
    modulePreload: { polyfill: false },
    target: ["chrome80", "firefox78", "safari14"],
    rolldownOptions: {
      input: {
        candidate: "src/candidate/main.tsx",
        sw: "src/candidate/sw.ts",
        proctor: "src/proctor/main.tsx",
        board: "src/board/main.tsx",
      },
    },
  },
});
