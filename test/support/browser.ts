import { mkdir } from 'node:fs/promises';
import { userInfo } from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { debianCache } from '../../cli/local/clone.ts';
import { findCommand, runCommand } from '../../cli/local/command.ts';
import { buildDashboard } from '../../cli/local/dashboard-build.mjs';
import { withFileLock } from '../../cli/local/file-lock.ts';
import { isDebian, readHostSystem } from '../../cli/local/host-system.ts';
import { TOKEN, type TestBroker } from './broker.ts';

const ROOT = path.join(import.meta.dirname, '../..');
const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];
/** On a busy machine a page may take its time. */
const PATIENCE_MS = 30_000;
/** It asks nobody for updates, and has no user of its own to protect from root. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
];

/** A Chromium of this machine; Debian's, where root may install it. */
async function findChromium(): Promise<string | undefined> {
  const found = await onPath();
  if (found !== undefined) return found;
  if (userInfo().uid !== 0 || !isDebian(await readHostSystem())) return undefined;
  const cache = debianCache();
  await mkdir(cache, { recursive: true });
  await withFileLock(
    path.join(cache, 'chromium.lock'),
    () => undefined,
    async () => {
      if ((await onPath()) !== undefined) return;
      process.stderr.write("Installing Debian's chromium for the browser tests (once) …\n");
      const quiet = { DEBIAN_FRONTEND: 'noninteractive' };
      await runCommand('apt-get', ['-q', 'update'], quiet);
      await runCommand('apt-get', ['-q', '-y', '--no-install-recommends', 'install', 'chromium'], quiet);
    },
  );
  return onPath();
}

async function onPath(): Promise<string | undefined> {
  for (const name of NAMES) {
    const command = await findCommand(name, process.env['PATH'] ?? '');
    if (command !== undefined) return command;
  }
  return undefined;
}

/** Files of tests start at the same time; one of them builds it. */
async function ensureDashboard(): Promise<void> {
  const lock = path.join(ROOT, '.inferq', 'dashboard-tests.lock');
  await withFileLock(
    lock,
    () => undefined,
    async () => buildDashboard(ROOT, process.execPath),
  );
}

const executablePath = await findChromium();
if (executablePath === undefined)
  process.stderr.write(
    'No Chromium here: the browser tests are skipped. On Debian, type: apt-get install chromium\n',
  );
else await ensureDashboard();

/** For tests that need a browser. */
export const withBrowser = executablePath === undefined ? test.skip : test.serial;

export interface Visit {
  page: Page;
  /** Every address that was asked for. */
  requests: string[];
  /** What the page complained of: errors, refusals of its policy. */
  complaints: string[];
}

export interface VisitOptions {
  colorScheme?: 'light' | 'dark';
  token?: string;
  viewport?: { width: number; height: number };
}

let browser: Promise<Browser> | undefined;

/** One browser for all tests of a file; it goes with the file's process. */
function openBrowser(): Promise<Browser> {
  browser ??= chromium.launch({
    ...(executablePath === undefined ? {} : { executablePath }),
    args: FLAGS,
    chromiumSandbox: false,
  });
  return browser;
}

test.after.always('the browser is closed', async () => {
  await (await browser)?.close();
});

/** The dashboard in a window of its own, signed in; it goes with the test. */
export async function visit(
  t: ExecutionContext,
  broker: TestBroker,
  where = '',
  { token = TOKEN, ...options }: VisitOptions = {},
): Promise<Visit> {
  const fragment = token === '' ? '' : `#token=${token}`;
  return openPage(t, `${broker.url}/dashboard${where}${fragment}`, options);
}

/** A page in a window of its own, which goes with the test. */
export async function openPage(
  t: ExecutionContext,
  address: string,
  { colorScheme = 'light', viewport = { width: 1440, height: 900 } }: Omit<VisitOptions, 'token'> = {},
): Promise<Visit> {
  const context = await (await openBrowser()).newContext({ colorScheme, viewport });
  t.teardown(() => context.close());
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const watched = watch(context, page);
  await page.goto(address);
  return { page, ...watched };
}

function watch(context: BrowserContext, page: Page): Omit<Visit, 'page'> {
  const requests: string[] = [];
  const complaints: string[] = [];
  context.on('request', (request) => requests.push(request.url()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  return { requests, complaints };
}

/** Keeps a picture of the page, where INFERQ_SCREENSHOTS names a folder for them. */
export async function shoot(page: Page, name: string): Promise<void> {
  const folder = process.env['INFERQ_SCREENSHOTS'];
  if (!folder) return;
  await mkdir(folder, { recursive: true });
  await page.evaluate('document.fonts.ready');
  await page.screenshot({ path: path.join(folder, `${name}.png`), animations: 'disabled' });
}
