import { defineConfig } from 'vite';

// WEBMACS_HUB names the hub that `npm run dev` forwards to.
const hub = process.env.WEBMACS_HUB ?? 'http://127.0.0.1:8000';

export default defineConfig({
  base: './',
  build: {
    outDir: process.env.WEBMACS_WEB_OUT ?? '../../build/web',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0, // the hub's Content-Security-Policy knows no inline script
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  server: {
    proxy: {
      '/api': hub,
      '/health': hub,
      '/ws': { target: hub, ws: true, headers: { origin: hub } },
    },
  },
});
