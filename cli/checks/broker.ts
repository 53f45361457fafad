import type { Answer } from '../answer.ts';
import type { Client } from '../client.ts';
import { isLoopback } from '../dev-state.ts';
import { Failure } from '../failure.ts';
import { isRecord } from '../json.ts';
import { describeHealth, summarize } from '../endpoint-text.ts';
import { toModels, type Endpoint, type Model } from '../model.ts';
import { nameOf } from '../model-text.ts';
import { broken, ok, warning, type Finding } from './finding.ts';
import { checkWorkers } from './workers.ts';

/** Each step needs the one before: the first that fails is the last that is said. */
export async function checkBroker(client: Client): Promise<Finding[]> {
  const health = await probe(client, '/healthz');
  if (health instanceof Failure) return [unreachableFinding(client, health)];
  if (!isHealthy(health)) return [foreignFinding(client, health.status)];
  const readiness = await probe(client, '/readyz');
  return [
    ok(`A broker answers at ${client.connection.url}`),
    ...(readiness instanceof Failure
      ? [unreachableFinding(client, readiness)]
      : [readyFinding(readiness), ...warningFindings(readiness)]),
    ...plainHttp(client),
    ...(await checkModels(client, readiness instanceof Failure ? [] : warningsIn(readiness))),
  ];
}

/** Whether it is a broker that answered `/healthz`. */
export function isHealthy({ status, body }: Answer): boolean {
  return status === 200 && isRecord(body) && body['status'] === 'ok';
}

async function probe(client: Client, path: string): Promise<Answer | Failure> {
  return orFailure(client.probe({ path, timeout: 5 }));
}

async function orFailure<T>(promise: Promise<T>): Promise<T | Failure> {
  try {
    return await promise;
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown;
    throw thrown;
  }
}

function unreachableFinding({ connection }: Client, failure: Failure): Finding {
  const other = `name another with --url (this one is from ${connection.source.url})`;
  const cure = isLoopback(connection.url)
    ? `Start one: npm start, in the clone; or ${other}`
    : `Check it, or ${other}`;
  return broken(`No broker answers: ${failure.message}`, cure);
}

function foreignFinding({ connection }: Client, status: number): Finding {
  const cure = `Stop that program, start inferq elsewhere (PORT=8081 npm start), or give the right --url`;
  return broken(`${connection.url} is not an inferq broker: /healthz answers ${status}`, cure);
}

function readyFinding({ status, body }: Answer): Finding {
  const says = isRecord(body) && isRecord(body['checks']) ? sayings(body['checks']) : '';
  if (status === 200) return ok(`The broker is ready${says && `: ${says}`}`);
  return broken(
    `The broker is not ready (${status})${says && `: ${says}`}`,
    'Look at the log of the broker: most often its Redis does not answer, or a model file has a fault',
  );
}

function warningsIn({ body }: Answer): string[] {
  const warnings: unknown = isRecord(body) ? body['warnings'] : undefined;
  return Array.isArray(warnings) ? warnings.map(String) : [];
}

function warningFindings(readiness: Answer): Finding[] {
  return warningsIn(readiness).map((text) =>
    warning(text, 'Mend the file (npx inferq config check FILE), or the environment of the broker'),
  );
}

function sayings(checks: Record<string, unknown>): string {
  return Object.entries(checks)
    .map(([name, says]) => `${name}: ${typeof says === 'string' ? says : JSON.stringify(says)}`)
    .join(', ');
}

function plainHttp({ connection }: Client): Finding[] {
  const open = connection.url.startsWith('http:') && !isLoopback(connection.url);
  if (!open || connection.token === undefined) return [];
  return [warning('The token travels unencrypted', 'Use https:// where the way leads through other hands')];
}

async function checkModels(client: Client, told: readonly string[]): Promise<Finding[]> {
  const answer = await orFailure(client.call({ path: '/models', tries: 1 }));
  if (answer instanceof Failure) return [tokenFinding(client, answer)];
  const models = toModels(answer.body, client.connection.url);
  const accepted = ok(`The token is accepted (from ${client.connection.source.token})`);
  const workers = await checkWorkers(client, told);
  if (models.length > 0) return [accepted, ...workers, ...models.map(modelFinding)];
  return [
    accepted,
    ...workers,
    warning('There are no models', 'Describe one in a YAML file: see INFERQ_MODELS'),
  ];
}

function tokenFinding({ connection }: Client, failure: Failure): Finding {
  const [cure = 'See the log of the broker'] = failure.cures;
  if (connection.token === undefined) return broken('There is no token', cure);
  if (failure.problem.status === 403) {
    return warning('The token is accepted, but may not see the models', 'Ask an admin for models:read');
  }
  if (failure.problem.status !== 401) return broken(`GET /models fails: ${failure.message}`, cure);
  return broken(`The token from ${connection.source.token} is not accepted: ${failure.message}`, cure);
}

function modelFinding(model: Model): Finding {
  const name = nameOf(model);
  const { endpoints } = model;
  if (model.paused)
    return warning(`${name} is paused`, `An admin resumes it: npx inferq models resume ${model.name}`);
  const bad = endpoints.filter(({ health }) => health === 'down' || health === 'failing');
  if (bad.length === 0) return ok(`${name} is served${describeEndpoints(endpoints)}`);
  const text = `${name}: ${bad.map((each) => `${each.url ?? 'an endpoint'} is ${describeHealth(each)}`).join('; ')}`;
  const url = bad[0]?.url;
  const cure = url === undefined ? 'Ask an admin' : `See whether the model server runs: curl ${url}`;
  return bad.length === endpoints.length ? broken(text, cure) : warning(text, cure);
}

function describeEndpoints(endpoints: readonly Endpoint[]): string {
  if (endpoints.length === 0) return '';
  const healthy = endpoints.every(({ health }) => health === 'healthy');
  return healthy ? ', its endpoints are healthy' : `; its endpoints: ${summarize(endpoints)}`;
}
