import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { startTemporaryRedis } from '../../cli/local/temporary-redis.ts';
import { createEvents } from '../../shared/events.ts';
import { fullName, type ModelSpec } from '../../shared/model.ts';
import { createCatalog } from '../../shared/models/catalog.ts';
import { parseModelFile } from '../../shared/models/model-file.ts';
import { createRegistry } from '../../shared/models/registry.ts';
import { codeClash, servedSpecs } from '../../shared/models/served-specs.ts';
import { connect, PATIENT } from '../../shared/redis/connection.ts';
import { keyPrefix, modelCode } from '../../shared/redis/keys.ts';
import { createModelStore } from '../../shared/redis/model-store.ts';
import { until } from '../support/until.ts';

function specOf(name: string, more = ''): ModelSpec {
  const text = `models: [{name: ${name}, protocol: json, endpoints: [{url: "http://x"}]${more}}]`;
  const [spec] = parseModelFile(text, 'test', {});
  if (!spec) throw new Error('The file has no model');
  return spec;
}

/** Among some ten thousands there are two. */
function namesWithOneCode(): [string, string] {
  const names = new Map<string, string>();
  for (let at = 0; ; at++) {
    const twin = names.get(modelCode(`m-${at}`));
    if (twin !== undefined) return [twin, `m-${at}`];
    names.set(modelCode(`m-${at}`), `m-${at}`);
  }
}

async function openStore(t: ExecutionContext) {
  const redis = await startTemporaryRedis();
  const connection = connect(redis.url, PATIENT);
  t.teardown(async () => {
    await connection.quit();
    await redis.stop();
  });
  return { connection, store: createModelStore(connection) };
}

test('the API’s spec lies over a file’s, and a file’s over one that was removed', (t) => {
  const [file, api] = [specOf('m', ', timeout: 1'), specOf('m', ', timeout: 2')];
  const summary = (stored: Parameters<typeof servedSpecs>[1]) =>
    servedSpecs([file], stored).map(({ spec, source, draining }) => [spec.timeout, source, draining]);
  t.deepEqual(summary([]), [[1, 'file', false]]);
  t.deepEqual(summary([{ spec: api }]), [[2, 'api', false]]);
  t.deepEqual(summary([{ spec: api, deletedAt: 1 }]), [[1, 'file', false]]);
  t.deepEqual(summary([{ spec: specOf('n'), deletedAt: 1 }]), [
    [30, 'api', true],
    [1, 'file', false],
  ]);
});

test('a name whose key in Redis another has is a clash, a second version is none', (t) => {
  const [one, other] = namesWithOneCode();
  t.regex(codeClash(specOf(one), [specOf('m'), specOf(other)]) ?? '', new RegExp(`as ${other}: rename`));
  t.is(codeClash(specOf('m', ', version: "2"'), [specOf('m'), specOf('n')]), undefined);
  t.is(codeClash(specOf('m'), []), undefined);
});

test('a change gives a new revision, and a removed spec is kept until its jobs have ended', async (t) => {
  const { connection, store } = await openStore(t);
  const spec = specOf('m');
  t.deepEqual(await store.read(), { revision: '0', models: [] });
  await store.save(spec);
  t.deepEqual(await store.read(), { revision: '1', models: [{ spec }] });
  await store.remove([spec], 1000);
  t.deepEqual(await store.read(), { revision: '2', models: [{ spec, deletedAt: 1000 }] });
  const runs = `${keyPrefix(modelCode('m'))}runs`;
  await connection.zadd(runs, 1, 'job');
  await store.forgetDrained(100_000);
  t.is((await store.read()).models.length, 1, 'a job is under way');
  await connection.del(runs);
  await store.forgetDrained(2000);
  t.is((await store.read()).models.length, 1, 'an API may not have seen the removal');
  await store.forgetDrained(100_000);
  t.deepEqual(await store.read(), { revision: '3', models: [] });
  await store.forgetDrained(100_000);
  t.is(await store.revision(), '3', 'nothing was left to forget');
  await store.save(spec);
  await store.forgetDrained(100_000);
  t.is((await store.read()).models.length, 1, 'it is served');
});

test('a removed model that is drained is served no more, by those who forget it and by the others', async (t) => {
  const { store } = await openStore(t);
  await store.save(specOf('m'));
  const registry = createRegistry();
  const catalog = createCatalog({
    source: { load: async () => [], start: () => undefined, stop: async () => undefined },
    store,
    registry,
    events: createEvents(),
    secrets: undefined,
    onFileFault: () => undefined,
  });
  await catalog.load();
  catalog.start();
  t.teardown(() => catalog.stop());
  await store.remove([specOf('m')], 1000);
  await until(() => registry.list().every(({ draining }) => draining));
  t.is(registry.list().length, 1);
  await store.forgetDrained(100_000);
  await until(() => registry.list().length === 0);
});

test('what another version of inferq has stored is left out and told of, and the rest is served', async (t) => {
  const { connection, store } = await openStore(t);
  await store.save(specOf('good'));
  const strange = { spec: { ...specOf('strange'), protocol: 'telepathy' } };
  await connection.hset('inferq:models', 'strange@1', JSON.stringify(strange));
  const registry = createRegistry();
  const events = createEvents();
  const faults: unknown[] = [];
  events.on('models.refused', ({ error }) => faults.push(error));
  const catalog = createCatalog({
    source: { load: async () => [specOf('file')], start: () => undefined, stop: async () => undefined },
    store,
    registry,
    events,
    secrets: undefined,
    onFileFault: () => undefined,
  });
  await catalog.load();
  catalog.start();
  t.deepEqual(
    registry.list().map(({ spec }) => fullName(spec)),
    ['file@1', 'good@1'],
  );
  t.regex(catalog.warnings().join(), /^strange@1 at \/protocol: must be one of/);
  t.is(faults.length, 1);
  await store.save(specOf('strange'));
  while (registry.list().length < 3) await sleep(20);
  t.deepEqual(catalog.warnings(), []);
  await catalog.stop();
});

test('a model whose secret cannot be sent in a header is not served, and told of without the secret', async (t) => {
  const { store } = await openStore(t);
  const headers = { 'x-key': '${INFERQ_SECRET_KEY}' };
  await store.save({ ...specOf('m'), endpoints: [{ url: 'http://x', weight: 1, priority: 0, headers }] });
  const catalog = createCatalog({
    source: { load: async () => [specOf('file')], start: () => undefined, stop: async () => undefined },
    store,
    registry: createRegistry(),
    events: createEvents(),
    secrets: { INFERQ_SECRET_KEY: 's3cret\n' },
    onFileFault: () => undefined,
  });
  await catalog.load();
  t.regex(catalog.warnings().join(), /^m@1 at \/endpoints\/0\/headers\/x-key: has a character/);
  t.notRegex(catalog.warnings().join(), /s3cret/);
});

test('a model whose schema has a misspelt keyword is served, and told of', async (t) => {
  const { store } = await openStore(t);
  const events = createEvents();
  const told: unknown[] = [];
  events.on('models.doubted', ({ doubts }) => told.push(...doubts));
  const odd = specOf('odd', ', input_schema: {requierd: [a], minItem: 1}');
  const catalog = createCatalog({
    source: { load: async () => [odd], start: () => undefined, stop: async () => undefined },
    store,
    registry: createRegistry(),
    events,
    secrets: undefined,
    onFileFault: () => undefined,
  });
  await catalog.load();
  catalog.start();
  t.regex(catalog.warnings().join(), /^odd@1 at \/input_schema\/requierd: is no keyword .*; odd@1 .*minItem/);
  t.deepEqual(told, catalog.warnings());
  await catalog.stop();
});
