import { randomBytes } from 'node:crypto';
import { parseModelFile } from '../../shared/models/model-file.ts';
import { connect, PATIENT } from '../../shared/redis/connection.ts';
import { createJobStore } from '../../shared/redis/job-store.ts';
import { createKnownCodes } from '../../shared/redis/known-codes.ts';
import { modelCode, newJobId } from '../../shared/redis/keys.ts';
import { shoot, visit, withBrowser } from '../support/browser.ts';
import { jsonModel, startTestBroker } from '../support/broker.ts';
import { until } from '../support/until.ts';

const MANY = 100_000;
const AT_ONCE = 1000;
const SCROLLED = 4000;
/** A frame of 60 in a second, and what a screen misses before an eye sees it. */
const SMOOTH_MS = 50;

/** Admits so many jobs that nobody works on, as the API does it, but for the queue. */
async function seed(redisUrl: string, name: string): Promise<void> {
  const redis = connect(redisUrl, PATIENT);
  const store = createJobStore(redis);
  const queue = `queue: {max_depth: ${2 * MANY}, max_depth_per_tenant: ${2 * MANY}}`;
  const [model] = parseModelFile(
    `models: [{name: ${name}, protocol: json, endpoints: [{url: "http://x"}], ${queue}}]`,
    'test',
    {},
  );
  if (!model) throw new Error('The file has no model');
  const code = modelCode(name);
  const spec = { mode: 'bypass', priority: 'normal', subject: 's', request_id: 'r', weight: 1 } as const;
  const admit = (count: number) =>
    store.admit({
      id: newJobId(code, Date.now(), randomBytes(16)),
      tenant: 'dev',
      model,
      spec: { ...spec, metadata: { order: String(count) } },
      input: '{}',
      cacheKey: undefined,
      mostOfTenant: 2 * MANY,
      waiter: undefined,
      price: {},
    });
  for (let done = 0; done < MANY; done += AT_ONCE)
    await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => admit(done + index)));
  await createKnownCodes(redis).add([model]);
  await redis.quit();
}

/** Scrolls by a screen in each frame, and answers how long the frames were. */
const SCROLL = `new Promise((resolve) => {
  const table = document.querySelector('.table');
  const frames = [];
  let before = performance.now();
  const turn = (now) => {
    frames.push(now - before);
    before = now;
    table.scrollTop += 60;
    const rows = document.querySelector('[role=table]').querySelectorAll('.lines .line').length;
    if (rows > 100) frames.push(1e6);
    if (frames.length < 300) requestAnimationFrame(turn);
    else resolve(frames.slice(1));
  };
  requestAnimationFrame(turn);
})`;

withBrowser('100,000 jobs scroll smoothly, and few of them are drawn', async (t) => {
  const models = [
    jsonModel('embed', 'http://127.0.0.1:9', {
      queue: { max_depth: 2 * MANY, max_depth_per_tenant: 2 * MANY },
    }),
  ];
  const broker = await startTestBroker(t, { models, workers: 0 });
  const begun = performance.now();
  await seed(broker.redisUrl, 'embed');
  t.log(`${MANY} jobs admitted in ${((performance.now() - begun) / 1000).toFixed(1)} s`);

  const opened = performance.now();
  const { page, complaints } = await visit(t, broker, '/jobs');
  await page.getByRole('link', { name: /job_/ }).first().waitFor();
  t.log(`the list is there after ${Math.round(performance.now() - opened)} ms`);
  const frames = (await page.evaluate<number[]>(SCROLL)).sort((a, b) => a - b);
  const [median, p95] = [0.5, 0.95].map((q) => frames[Math.floor(q * frames.length)] ?? 0);
  t.log(`frames while it scrolls: median ${median?.toFixed(1)} ms, p95 ${p95?.toFixed(1)} ms`);
  t.true((median ?? Infinity) < SMOOTH_MS, `the median frame took ${median} ms`);

  // Down to where no page was read yet, again and again: the list grows under it.
  const loaded = `Number(document.querySelector('.lines').style.height.replace('px', '')) / 44`;
  const scroll = async (): Promise<number> => {
    await page.evaluate(`document.querySelector('.table').scrollTop = 1e9`);
    return page.evaluate<number>(loaded);
  };
  await until(async () => (await scroll()) >= SCROLLED, 120_000);
  const drawn = await page.locator('.lines .line').count();
  t.true(drawn < 100, `${drawn} rows are drawn`);
  t.true((await page.locator('.lines .line').last().innerText()).includes('order='));
  await shoot(page, 'many-jobs');
  t.deepEqual(complaints, []);
});
