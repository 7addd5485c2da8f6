import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { alias: { '@': new URL('./src', import.meta.url).pathname } },
  server: { fs: { allow: ['../..'] } },
  test: {
    testTimeout: 60_000, // a bound for what never ends; under load the random ones take seconds
    globals: true, // the tests stand outside of this folder, where no package is found
    dir: '../../tests/web/unit',
    include: ['**/*.test.ts'],
    env: { TZ: 'Europe/Berlin', WEBMACS_SEED: process.env.WEBMACS_SEED ?? String(Math.floor(Math.random() * 2 ** 31)) },
  },
});
