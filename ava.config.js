export default {
  files: ['test/**/*.test.ts'],
  extensions: { ts: 'module' },
  concurrency: 2,
  timeout: '3m',
};
