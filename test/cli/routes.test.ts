import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { routesOf } from '../docs/openapi.ts';
import { json, startFakeBroker } from './fake-broker.ts';
import { emptyFolder, runInferq } from './inferq-process.ts';

/** Each route of the API, and a command that asks it. */
const COMMANDS: Record<string, string> = {
  'POST /jobs': 'submit m -i a=1',
  'GET /jobs': 'jobs ls',
  'GET /jobs/{id}': 'jobs get job_1',
  'GET /jobs/{id}/output': 'jobs output job_1',
  'GET /jobs/{id}/events': 'jobs events job_1',
  'GET /jobs/{id}/deliveries': 'jobs deliveries job_1',
  'POST /jobs/{id}/cancel': 'jobs cancel job_1',
  'POST /jobs/{id}/retry': 'jobs retry job_1',
  'POST /jobs/{id}/deliveries/{delivery}/redeliver': 'webhooks replay msg_job_1_1',
  'GET /models': 'models ls',
  'GET /models/{name}': 'models get m',
  'PUT /models/{name}': 'models add models.yaml',
  'DELETE /models/{name}': 'models rm m',
  'POST /models/{name}/pause': 'models pause m',
  'POST /models/{name}/resume': 'models resume m',
  'POST /models/{name}/redrive': 'models redrive m',
  'GET /tenants/{id}/jobs': 'jobs ls --tenant acme',
  'GET /tenants/{id}/jobs/{job}': 'jobs get job_1 --tenant acme',
  'GET /tenants/{id}/jobs/{job}/output': 'jobs output job_1 --tenant acme',
  'GET /tenants/{id}/jobs/{job}/events': 'jobs events job_1 --tenant acme',
  'GET /tenants/{id}/jobs/{job}/deliveries': 'jobs deliveries job_1 --tenant acme',
  'POST /tenants/{id}/jobs/{job}/cancel': 'jobs cancel job_1 --tenant acme',
  'POST /tenants/{id}/jobs/{job}/retry': 'jobs retry job_1 --tenant acme',
  'GET /tenants/{id}/failures': 'failures --tenant acme',
  'GET /failures': 'failures',
  'GET /me': 'whoami',
  'GET /overview': 'top',
  'GET /tenants': 'tenants ls',
  'PUT /tenants/{id}': 'tenants set acme --rate 100/60 --max-queued 5 --weight 2 --budget 10 --models x-*',
  'GET /tenants/{id}': 'tenants get acme',
  'DELETE /tenants/{id}': 'tenants rm acme',
  'GET /tenants/{id}/usage': 'tenants usage acme',
  'POST /tenants/{id}/tokens': 'tokens create acme --name ci',
  'GET /tenants/{id}/tokens': 'tokens ls acme',
  'DELETE /tokens/{id}': 'tokens revoke tok_1',
  'GET /audit': 'audit',
  'GET /webhooks/secret': 'webhooks secret',
  'POST /webhooks/secret/rotate': 'webhooks secret --rotate',
  'GET /webhooks/deliveries': 'webhooks ls',
  'POST /webhooks/redeliver': 'webhooks replay --since 2h',
  'POST /webhooks/test': 'webhooks test http://127.0.0.1:9/',
  'GET /healthz': 'doctor',
  'GET /readyz': 'doctor',
};

test('every route of the API is reached by a command', async (t) => {
  t.deepEqual(Object.keys(COMMANDS).toSorted(), routesOf().toSorted());
  t.timeout(10 * 60_000);
  const cwd = await emptyFolder(t);
  await writeFile(
    path.join(cwd, 'models.yaml'),
    'models: [{ name: m, protocol: json, endpoints: [{ url: "http://127.0.0.1:9" }] }]\n',
  );
  for (const [route, command] of Object.entries(COMMANDS)) {
    const broker = await startFakeBroker(t);
    // Without it the doctor asks no further.
    broker.on('GET /healthz', json(200, { status: 'ok' }));
    const { code, stderr } = await runInferq(t, command.split(' '), { broker, cwd });
    t.not(code, 2, `${command}: ${stderr}`);
    const [method = '', template = ''] = route.split(' ');
    const pattern = new RegExp(`^${template.replace(/\{\w+\}/g, '[^/]+')}$`);
    const asked = broker.seen.some(
      (seen) => seen.method === method && pattern.test(seen.url.split('?')[0] ?? ''),
    );
    t.true(asked, `${command} does not ask ${route}`);
  }
});
