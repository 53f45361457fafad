import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import test from 'ava';
import { createHttpServer } from '../../api/http/server.ts';
import { until } from '../support/until.ts';

test('who comes while as many are in hand as may be is told to come back, and has room when one is done', async (t) => {
  const held: ServerResponse[] = [];
  const server = createHttpServer((_request, response) => void held.push(response), 2);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`;
  const first = [fetch(url), fetch(url)];
  await until(() => held.length === 2);
  const refused = await fetch(url);
  t.is(refused.status, 503);
  t.is(refused.headers.get('retry-after'), '1');
  t.like(await refused.json(), { error_type: 'broker_full', status: 503 });
  held[0]?.end('done');
  await Promise.race(first);
  const next = fetch(url);
  await until(() => held.length === 3);
  for (const response of held) response.end('done');
  t.is((await next).status, 200);
  await Promise.all(first);
});
