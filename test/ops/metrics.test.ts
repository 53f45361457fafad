import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { parse } from 'yaml';
import { freePort } from '../../cli/local/ports.ts';
import { readDocument, sectionOf } from '../docs/document.ts';
import { jsonModel, startTestBroker, type TestBroker } from '../support/broker.ts';
import { isMap, listAt, textAt } from '../support/k8s/manifest.ts';
import { answer, startScriptedModel } from '../support/scripted-model.ts';
import { metricOf, metricsIn, readExposition, type Exposition } from './exposition.ts';

const LOOK_AGAIN_MS = 100;
const ROOT = path.join(import.meta.dirname, '../..');
const rules: unknown = parse(await readFile(path.join(ROOT, 'ops/prometheus/rules.yaml'), 'utf8'));
const dashboard: unknown = JSON.parse(await readFile(path.join(ROOT, 'ops/grafana/inferq.json'), 'utf8'));
const alerts = listAt(rules, 'groups').flatMap((group) => listAt(group, 'rules'));
const panels = listAt(dashboard, 'panels');
const queries = panels.flatMap((panel) => listAt(panel, 'targets'));
const expressions = [...alerts, ...queries].map((entry) => textAt(entry, 'expr'));

test('rules and dashboard name metrics that the roles expose, by labels that they have', async (t) => {
  const exposed = await exposeAll(t);
  t.true(expressions.length > 30);
  for (const expression of expressions) {
    const named = metricsIn(expression);
    t.true(named.size > 0, expression);
    for (const [sample, labels] of named) {
      t.not(metricOf(sample, exposed), undefined, `${sample} in ${expression}`);
      const known = exposed.labels.get(sample);
      if (known !== undefined && known.size > 0)
        for (const label of labels) t.true(known.has(label), `${label} of ${sample} in ${expression}`);
    }
  }
});

test('what waits, what runs and for how long is told by each API, and nothing while Redis is away', async (t) => {
  const held = Promise.withResolvers<void>();
  const model = await startScriptedModel(async (_call, response) => {
    await held.promise;
    answer(response, {});
  });
  t.teardown(model.stop);
  t.teardown(() => held.resolve());
  const broker = await startTestBroker(t, {
    models: [
      jsonModel('held', model.url, { concurrency: 1, cache: { scope: 'off' } }),
      jsonModel('idle', model.url),
    ],
    apis: 0,
  });
  const page = await startApi(broker);
  const jobs = Array.from({ length: 3 }, (_, index) => page.submit({ model: 'held', input: index }));
  await Promise.all(jobs);
  await page.submit({ model: 'held', input: 9, delay: 600 });
  const seen = await page.until(({ values }) => values.get('inferq_running_jobs{model="held"}') === 1);
  t.is(seen.values.get('inferq_outstanding_jobs{model="held"}'), 3);
  t.is(seen.values.get('inferq_queued_jobs{model="held"}'), 3);
  t.is(seen.values.get('inferq_outstanding_jobs{model="idle"}'), 0);
  t.is(seen.values.get('inferq_oldest_wait_seconds{model="idle"}'), 0);
  t.true((seen.values.get('inferq_redis_memory_bytes') ?? 0) > 100_000);
  t.is(seen.values.get('inferq_ready'), 1);
  await page.until(({ values }) => (values.get('inferq_oldest_wait_seconds{model="held"}') ?? 0) > 1);

  await broker.redis.stop();
  const inRedis = /_jobs\{|_wait_seconds\{|inferq_webhooks_owed|inferq_redis_memory_bytes/;
  const away = await page.until(({ values }) => ![...values.keys()].some((name) => inRedis.test(name)));
  t.is(away.values.get('inferq_ready'), 0);
});

test('webhooks that no worker delivers are told of, and how long they are due', async (t) => {
  const model = await startScriptedModel();
  t.teardown(model.stop);
  const broker = await startTestBroker(t, {
    models: [jsonModel('m', model.url)],
    apis: 0,
    env: { INFERQ_WORKER_ROLES: 'models' },
  });
  const page = await startApi(broker);
  const idle = await page.until(({ values }) => values.has('inferq_webhooks_owed'));
  t.is(idle.values.get('inferq_webhooks_owed'), 0);
  t.is(idle.values.get('inferq_webhook_overdue_seconds'), 0);
  for (const input of [1, 2]) await page.submit({ model: 'm', input, webhook: model.url });
  await page.until(
    ({ values }) =>
      values.get('inferq_webhooks_owed') === 2 && (values.get('inferq_webhook_overdue_seconds') ?? 0) > 1,
  );
  await broker.startWorker({ INFERQ_WORKER_ROLES: 'webhooks' });
  const after = await page.until(({ values }) => values.get('inferq_webhooks_owed') === 0);
  t.is(after.values.get('inferq_webhook_overdue_seconds'), 0);
});

test('each alert leads to its part of the handbook, and each part to an alert', (t) => {
  const section = sectionOf(readDocument('docs/operations.md'), '## When an alert is raised');
  const headings = [...section.matchAll(/^### (\w+)$/gm)].map(([, heading = '']) => heading);
  const names = alerts.map((alert) => textAt(alert, 'alert'));
  t.deepEqual(headings.sort(), [...names].sort());
  for (const alert of alerts) {
    const name = textAt(alert, 'alert');
    t.is(textAt(alert, 'annotations', 'runbook_url'), `docs/operations.md#${name.toLowerCase()}`, name);
    t.regex(textAt(alert, 'labels', 'severity'), /^(critical|warning)$/, name);
    t.true(textAt(alert, 'annotations', 'summary').length > 20, name);
  }
});

test('the panels of the dashboard lie side by side, each with a query', (t) => {
  const ids = new Set(panels.map((panel) => textAt(panel, 'id')));
  t.is(ids.size, panels.length);
  const taken = new Set<string>();
  for (const panel of panels) {
    const [x = 0, y = 0, w = 0, h = 0] = ['x', 'y', 'w', 'h'].map((side) =>
      Number(textAt(panel, 'gridPos', side)),
    );
    t.true(x + w <= 24, textAt(panel, 'title'));
    for (let column = x; column < x + w; column++)
      for (let line = y; line < y + h; line++) {
        t.false(taken.has(`${column}/${line}`), textAt(panel, 'title'));
        taken.add(`${column}/${line}`);
      }
    if (textAt(panel, 'type') !== 'row') t.true(listAt(panel, 'targets').length > 0, textAt(panel, 'title'));
  }
  const variables = new Set(listAt(dashboard, 'templating', 'list').map((each) => textAt(each, 'name')));
  for (const [, variable = ''] of JSON.stringify(dashboard).matchAll(/\$\{?(?!__)(\w+)/g))
    t.true(variables.has(variable), variable);
});

/** A broker of every role that has done some work, as Prometheus sees it. */
async function exposeAll(t: ExecutionContext): Promise<Exposition> {
  const model = await startScriptedModel();
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)], apis: 0 });
  const api = await startApi(broker);
  await api.submit({ model: 'm', input: 1, webhook: model.url }, { prefer: 'wait=30' });
  const worker = broker.workers[0]?.url ?? '';
  const delivered = /inferq_webhook_attempts_total\{/;
  for (;;) {
    const pages = await Promise.all([api.address, worker].map((url) => fetch(`${url}/metrics`)));
    const texts = await Promise.all(pages.map((page) => page.text()));
    if (texts.some((text) => delivered.test(text))) return readExposition(...texts);
    await sleep(LOOK_AGAIN_MS);
  }
}

interface ApiPage {
  /** Of the second listener. */
  address: string;
  submit(job: Record<string, unknown>, headers?: Record<string, string>): Promise<void>;
  /** Scrapes until it is so. */
  until(isSo: (exposed: Exposition) => boolean): Promise<Exposition>;
}

/** An API whose second listener is known. */
async function startApi(broker: TestBroker): Promise<ApiPage> {
  const port = await freePort();
  const { url } = await broker.startApi({ METRICS_PORT: String(port) });
  const address = `http://127.0.0.1:${port}`;
  return {
    address,
    async submit(job, headers = {}) {
      const answered = await fetch(`${url}/jobs`, {
        method: 'POST',
        headers: { authorization: 'Bearer ifq_test-token', 'content-type': 'application/json', ...headers },
        body: JSON.stringify(job),
      });
      const body: unknown = await answered.json();
      if (!isMap(body) || !('urls' in body)) throw new Error(JSON.stringify(body));
    },
    async until(isSo) {
      for (;;) {
        const exposed = readExposition(await (await fetch(`${address}/metrics`)).text());
        if (isSo(exposed)) return exposed;
        await sleep(LOOK_AGAIN_MS);
      }
    },
  };
}
