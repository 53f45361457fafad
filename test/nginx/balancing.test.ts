import type { ServerResponse } from 'node:http';
import type { ExecutionContext } from 'ava';
import { startNginx, withNginx, type RunningNginx } from '../support/nginx.ts';
import { answer, startScriptedModel, type Behaviour, type ScriptedModel } from '../support/scripted-model.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

interface Balanced {
  nginx: RunningNginx;
  replicas: ScriptedModel[];
  ask: (path: string, init?: RequestInit) => Promise<number>;
}

/** nginx in front of replicas that do what the test says. */
async function start(t: ExecutionContext, behaviours: Behaviour[]): Promise<Balanced> {
  const replicas = await Promise.all(behaviours.map((behave) => startScriptedModel(behave)));
  t.teardown(() => Promise.all(replicas.map((replica) => replica.stop())));
  const nginx = await startNginx(t, { apis: replicas.map(({ url }) => url) });
  const ask: Balanced['ask'] = async (path, init = {}) => {
    const answered = await fetch(nginx.url + path, init);
    await answered.text();
    return answered.status;
  };
  return { nginx, replicas, ask };
}

const well: Behaviour = (_call, response) => answer(response, {});
const busy: Behaviour = (_call, response) => answer(response, {}, 503, { 'retry-after': '7' });
/** It has read the request, and nobody knows how far it came with it. */
const breaking: Behaviour = (_call, response) => void response.destroy();

withNginx('a request goes to the replica with the fewest open ones', async (t) => {
  const held: ServerResponse[] = [];
  const { replicas, ask } = await start(t, [well, (_call, response) => void held.push(response)]);
  const waiting = [];
  // In turn, as long as both have nothing to do.
  while (held.length === 0) waiting.push(await Promise.race([ask('/jobs/x?wait=60'), holds(held)]));
  const before = replicas[0]?.calls.length ?? 0;
  for (let count = 0; count < 20; count++) t.is(await ask('/healthz'), 200);
  t.is((replicas[0]?.calls.length ?? 0) - before, 20);
  t.is(held.length, 1);
  for (const response of held) answer(response, {});
});

async function holds(held: readonly ServerResponse[]): Promise<void> {
  while (held.length === 0) await new Promise(setImmediate);
}

withNginx('a replica that fails three times is left alone', async (t) => {
  const { nginx, replicas, ask } = await start(t, [well, breaking]);
  for (let count = 0; count < 60; count++) t.is(await ask('/healthz'), 200);
  const seconds = Math.ceil(secondsOf(await nginx.lines(60)));
  const tried = replicas[1]?.calls.length ?? 0;
  // Three, and one more each time that its two seconds are over.
  t.true(tried >= 3 && tried <= 3 + Math.ceil(seconds / 2), `${tried} in ${seconds} s`);
});

/** From the first to the last line of its log. */
function secondsOf(lines: readonly string[]): number {
  const times = lines.map((line) => Date.parse(String(Reflect.get(JSON.parse(line), 'time'))));
  return (Math.max(...times) - Math.min(...times)) / 1000 + 1;
}

/** What may be done twice, and what may not. */
const requests: Record<string, { path: string; init: RequestInit; repeated: boolean }> = {
  'a look': { path: '/jobs/x', init: {}, repeated: true },
  'a token that is revoked': { path: '/tokens/x', init: { method: 'DELETE' }, repeated: true },
  'a tenant that is set': { path: '/tenants/x', init: post('PUT'), repeated: true },
  'a submission with a key': {
    path: '/jobs',
    init: post('POST', { 'idempotency-key': 'k' }),
    repeated: true,
  },
  'a submission with a key that waits': {
    path: '/jobs?wait=5',
    init: post('POST', { 'idempotency-key': 'k', prefer: 'wait=5' }),
    repeated: true,
  },
  'a cancellation': { path: '/jobs/x/cancel', init: post('POST'), repeated: true },
  'a submission': { path: '/jobs', init: post('POST'), repeated: false },
  'a submission with an empty key': {
    path: '/jobs',
    init: post('POST', { 'idempotency-key': '' }),
    repeated: false,
  },
  'a retry': { path: '/jobs/x/retry', init: post('POST'), repeated: false },
  'a redelivery': { path: '/jobs/x/deliveries/y/redeliver', init: post('POST'), repeated: false },
  'a token that is made, with a key': {
    path: '/tenants/x/tokens',
    init: post('POST', { 'idempotency-key': 'k' }),
    repeated: false,
  },
  'a redrive': { path: '/models/m/redrive', init: post('POST'), repeated: false },
  'a new webhook secret': { path: '/webhooks/secret/rotate', init: post('POST'), repeated: false },
};

function post(method: string, headers: Record<string, string> = {}): RequestInit {
  return { method, body: '{"a":1}', headers: { ...JSON_TYPE, ...headers } };
}

for (const [title, { path, init, repeated }] of Object.entries(requests)) {
  const end = repeated ? 'is done by the other replica' : 'is not sent twice: 502';
  withNginx(`${title} that a replica breaks off ${end}`, async (t) => {
    let broken = 0;
    const once: Behaviour = (call, response, count) => {
      broken += 1;
      // Whichever has it first breaks off.
      return broken === 1 ? breaking(call, response, count) : well(call, response, count);
    };
    const { replicas, ask } = await start(t, [once, once]);
    t.is(await ask(path, init), repeated ? 200 : 502);
    const calls = replicas.flatMap((replica) => replica.calls);
    t.is(calls.length, repeated ? 2 : 1);
    for (const call of calls) {
      t.is(call.path, path);
      t.deepEqual(call.body, init.body === undefined ? null : { a: 1 });
    }
  });
}

withNginx('what the API has answered with a fault is passed on, and asked of no other replica', async (t) => {
  const { replicas, ask } = await start(t, [busy, busy]);
  for (const path of ['/healthz', '/jobs/x']) t.is(await ask(path), 503);
  t.is(replicas.flatMap(({ calls }) => calls).length, 2);
});
