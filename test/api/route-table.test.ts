import test from 'ava';
import { createRouteTable } from '../../api/http/route-table.ts';
import type { Route } from '../../api/http/route.ts';

const route = (method: Route['method'], path: string): Route => ({
  method,
  path,
  tag: '',
  summary: '',
  scope: 'public',
  answers: {},
  handle: async () => ({ status: 200 }),
});
const routes = [
  route('get', '/jobs'),
  route('post', '/jobs'),
  route('get', '/jobs/{id}'),
  route('get', '/jobs/{id}/output'),
  route('post', '/jobs/{id}/deliveries/{delivery}/redeliver'),
];
const find = createRouteTable(routes);

test('a path finds the route of its method, whatever its query', (t) => {
  t.is(find('GET', '/jobs')?.route, routes[0]);
  t.is(find('POST', '/jobs?wait=3')?.route, routes[1]);
  t.is(find('GET', '/jobs/a/output')?.route, routes[3]);
});

test('parameters are what stands in their places', (t) => {
  t.deepEqual(find('GET', '/jobs/job_1')?.parameters, { id: 'job_1' });
  t.deepEqual(find('POST', '/jobs/a/deliveries/b.c~d/redeliver')?.parameters, { id: 'a', delivery: 'b.c~d' });
});

test('of two routes that fit, the first of the list is found', (t) => {
  const [first, second] = [route('get', '/jobs/{id}'), route('get', '/jobs/summary')];
  t.is(createRouteTable([first, second])('GET', '/jobs/summary')?.route, first);
  t.is(createRouteTable([second, first])('GET', '/jobs/summary')?.route, second);
});

for (const [method, target] of [
  ['GET', '/JOBS'],
  ['GET', '/jobs/'],
  ['GET', '//jobs'],
  ['GET', '/jobs/%61'],
  ['GET', '/jobs/%zz'],
  ['GET', '/jobs#a'],
  ['GET', '/jobs/{id}'],
  ['HEAD', '/jobs'],
  ['PUT', '/jobs'],
  ['GET', '/jobs/a/b'],
  ['GET', '/'],
] as const)
  test(`${method} ${target} is left to Express`, (t) => {
    t.is(find(method, target), undefined);
  });
