// What `npm start` and `npm test` begin with, on whatever Node the machine has: makes sure that the
// dependencies are there and current (among them the project's own Node), then runs the rest of its
// arguments with that Node. Plain JavaScript without dependencies: nothing is installed yet, and old
// Nodes do not strip types.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildDashboard, dashboardIsCurrent } from './local/dashboard-build.mjs';
import { InstallError, dependenciesAreCurrent, installDependencies } from './local/dependencies.mjs';
import { faultOfNode, handOver, runsTypeScript } from './local/hand-over.mjs';
import { withInstallLock } from './local/install-lock.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const projectNode = join(root, 'node_modules', '.bin', 'node');

async function ensureDependencies() {
  if (isReady()) return;
  await withInstallLock(join(root, '.inferq', 'install.lock'), sayThatItWaits, async () => {
    // Whoever held the lock before may have installed everything meanwhile.
    if (!isReady()) await installDependencies(root);
  });
}

/** Without it everything else works: what went wrong is said, and is no reason not to start. */
async function ensureDashboard(node) {
  if (dashboardIsCurrent(root)) return;
  try {
    await withInstallLock(
      join(root, '.inferq', 'dashboard.lock'),
      () => undefined,
      async () => buildDashboard(root, node, (line) => console.error(line)),
    );
  } catch (error) {
    console.error(
      `inferq: the dashboard could not be built: npm run build:dashboard says why (${error.message})`,
    );
  }
}

function sayThatItWaits() {
  console.error('Another start is installing the dependencies; waiting for it …');
}

function isReady() {
  return dependenciesAreCurrent(root) && existsSync(projectNode);
}

async function main() {
  if (Number.parseInt(process.versions.node, 10) < 18) {
    throw new InstallError(`inferq needs Node 20 or later; this is ${process.version} (https://nodejs.org)`);
  }
  await ensureDependencies();
  const node = chooseNode();
  await ensureDashboard(node);
  // Inherited by every process from here on: each starts about a third faster with compiled code at hand.
  process.env.NODE_COMPILE_CACHE ??= join(root, '.inferq', 'compile-cache');
  handOver(node, process.argv.slice(2));
}

/** A recent Node of the machine does as well where the project's own does not run. */
function chooseNode() {
  const fault = faultOfNode(projectNode);
  if (!fault) return projectNode;
  if (runsTypeScript(process.versions.node)) return process.execPath;
  throw new InstallError(fault);
}

main().catch((error) => {
  console.error(error instanceof InstallError ? `inferq: ${error.message}` : error);
  process.exitCode = 1;
});
