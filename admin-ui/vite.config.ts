import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const server = process.env.GRAFT_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2023',
    // The server's content policy allows no data: fonts, and a digest in a file's name lets browsers keep it.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/v1': server, '/admin': server, '/health': server } },
  // A test that needs a page names jsdom at its top: making one costs more than most tests.
  test: { environment: 'node', include: ['src/**/*.test.{ts,tsx}'] },
});
