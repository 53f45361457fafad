import { createServer, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { createEvents } from '../../../shared/events.ts';
import { parseModelFile } from '../../../shared/models/model-file.ts';
import { createRegistry } from '../../../shared/models/registry.ts';
import { servedSpecs } from '../../../shared/models/served-specs.ts';
import { createHealthChecks } from '../../../workers/routing/health-checks.ts';
import { createRouter } from '../../../workers/routing/router.ts';
import { until } from '../../support/until.ts';

async function startChecks(t: ExecutionContext, interval: number) {
  const asked: (string | undefined)[] = [];
  const held: ServerResponse[] = [];
  const server = createServer(({ headers }, response) => {
    asked.push(headers['x-key']?.toString());
    held.push(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const registry = createRegistry();
  const router = createRouter({ events: createEvents(), now: Date.now, random: Math.random });
  const checks = createHealthChecks({ registry, router, now: Date.now, random: () => 0.5 });
  t.teardown(() => {
    checks.stop();
    server.closeAllConnections();
    server.close();
  });
  return {
    asked,
    answerAll: () => held.splice(0).forEach((response) => response.end('ok')),
    sync: (key: string, more = ''): void => {
      const text = `models: [{name: m, protocol: json, health: {path: /h, interval: ${interval}, timeout: 30},
        endpoints: [{url: "http://127.0.0.1:${port}/x", headers: {x-key: ${key}}}]}${more}]`;
      registry.replace(servedSpecs(parseModelFile(text, 'm.yaml', {}), []));
      checks.sync();
    },
  };
}

test('a change during a check leaves one check, with what holds from then on', async (t) => {
  const { asked, answerAll, sync } = await startChecks(t, 1);
  sync('key-0');
  for (let at = 1; at <= 3; at++) {
    const before = asked.length;
    await until(() => asked.length > before);
    sync(`key-${at}`);
    answerAll();
  }
  const before = asked.length;
  const end = performance.now() + 3500;
  while (performance.now() < end) {
    answerAll();
    await sleep(20);
  }
  const since = asked.slice(before);
  t.true(since.length >= 1 && since.length <= 4, `${since.length} checks`);
  t.true(since.every((key) => key === 'key-3'));
});

test('changes of other models, however often, do not put a check off', async (t) => {
  const { asked, sync } = await startChecks(t, 1);
  let at = 0;
  await until(() => {
    at += 1;
    sync('key', `, {name: other, version: "${at}", protocol: json, endpoints: [{url: "http://a/x"}]}`);
    return asked.length > 0;
  }, 10_000);
  t.true(at > 2);
});
