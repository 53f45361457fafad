#!/usr/bin/env node
// The command `inferq`, in a clone and in the published package. Plain JavaScript, so that an old Node gets
// as far as a clear line (or the clone's own Node).
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { faultOfNode, handOver, runsTypeScript } from './local/hand-over.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const projectNode = join(root, 'node_modules', '.bin', 'node');
const source = join(here, 'index.ts');
const built = join(root, 'dist', 'cli', 'index.js');

function fail(line) {
  console.error(`inferq: ${line}`);
  process.exitCode = 1;
}

async function run() {
  try {
    await import(pathToFileURL(existsSync(source) ? source : built).href);
  } catch (error) {
    // Only a package that is not there (`Cannot find package 'x'`); a missing file of ours is a bug to see whole.
    const missing = /^Cannot find package '([^']+)'/.exec(error?.message ?? '')?.[1];
    if (error?.code !== 'ERR_MODULE_NOT_FOUND' || !missing) throw error;
    fail(
      `the dependency ${missing} is not installed. In a clone, type: npm ci --ignore-scripts && npm rebuild node`,
    );
  }
}

if (runsTypeScript(process.versions.node)) await run();
else if (existsSync(projectNode)) {
  const fault = faultOfNode(projectNode);
  if (fault) fail(fault);
  else handOver(projectNode, [fileURLToPath(import.meta.url), ...process.argv.slice(2)]);
} else if (existsSync(source)) {
  fail(`the dependencies are not installed. Type: npm ci --ignore-scripts && npm rebuild node`);
} else fail(`needs Node 22.20 or later; this is ${process.version} (https://nodejs.org)`);
