import { jsonModel, startTestBroker, TOKEN } from '../support/broker.ts';
import { startNginx } from '../support/nginx.ts';
import { withNginx } from '../support/with-nginx.ts';

const HEADERS = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
const MIB = 1024 * 1024;
const START = '{"model":"m","input":"';

const bodyOf = (bytes: number): string => `${START}${'x'.repeat(bytes - START.length - 2)}"}`;

withNginx(
  'nginx takes bodies and headers as large as the API does, and refuses what it refuses',
  async (t) => {
    const broker = await startTestBroker(t, {
      models: [jsonModel('m', 'http://127.0.0.1:9')],
      workers: 0,
      env: { INFERQ_TRUST_PROXY: '1' },
    });
    const nginx = await startNginx(t, { apis: broker.urls });
    for (const url of [broker.url, nginx.url]) {
      const submit = (bytes: number): Promise<number> => statusOf(url, '/jobs', bodyOf(bytes));
      t.is(await submit(MIB), 202, url);
      t.is(await submit(MIB + 1), 413, url);
      const look = (bytes: number): Promise<number> =>
        statusOf(url, '/healthz', undefined, { 'x-long': 'x'.repeat(bytes) });
      t.is(await look(15 * 1024), 200, url);
      t.is(await look(16 * 1024), 431, url);
    }
  },
);

async function statusOf(
  url: string,
  path: string,
  body?: string,
  headers: Record<string, string> = {},
): Promise<number> {
  const init =
    body === undefined ? { headers } : { method: 'POST', body, headers: { ...HEADERS, ...headers } };
  const answered = await fetch(url + path, init);
  await answered.text();
  return answered.status;
}
