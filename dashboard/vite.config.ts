import path from 'node:path';
import { defineConfig } from 'vite';

/** `npm run build:dashboard`: into `dist/dashboard`, from where the API serves it under `/dashboard`. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/dashboard/',
  build: {
    outDir: path.join(import.meta.dirname, '../dist/dashboard'),
    emptyOutDir: true,
    // The policy of the page allows no `data:` for fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 400,
  },
});
