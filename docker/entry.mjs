// What the image runs: `node docker/entry.mjs <role>`. Plain JavaScript, and the only place that knows where the roles
// are in the image. Secrets may come as files: NAME_FILE is read into NAME.
import { readFileSync } from 'node:fs';

const ROLES = {
  api: '../dist/api/index.js',
  worker: '../dist/workers/index.js',
  'metrics-adapter': '../dist/api/metrics-adapter/index.js',
  'save-token': './save-token.mjs',
  'make-secrets': './make-secrets.mjs',
  health: './health.mjs',
};
const SECRETS = ['REDIS_URL', 'JWT_SECRET', 'INFERQ_DEV_TOKEN'];

/** As process 1 it has no default action for signals; a role takes over when it has started. */
const stop = () => process.exit(0);

async function run([role = '']) {
  const file = Object.hasOwn(ROLES, role) ? ROLES[role] : undefined;
  if (file === undefined) fail(`'${role}' is no role: choose one of ${Object.keys(ROLES).join(', ')}.`);
  for (const name of SECRETS) readSecret(name);
  process.on('SIGTERM', stop);
  await import(file);
  process.off('SIGTERM', stop);
}

function readSecret(name) {
  const file = process.env[`${name}_FILE`];
  if (!file) return;
  if (process.env[name]) fail(`${name} and ${name}_FILE are both set: choose one.`);
  try {
    process.env[name] = readFileSync(file, 'utf8').trim();
  } catch (error) {
    fail(`${name}_FILE cannot be read: ${error.message}`);
  }
}

function fail(fault) {
  process.stderr.write(`${fault}\n`);
  process.exit(1);
}

await run(process.argv.slice(2));
