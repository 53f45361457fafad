import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { startRole } from '../../cli/local/role-process.ts';
import { startTemporaryRedis } from '../../cli/local/temporary-redis.ts';
import { describeRoutes } from './api-reference.ts';
import { clientTypes } from './client-types.ts';
import { isOpenApi, type OpenApi } from './openapi.ts';

const FREE_PORTS = { HOST: '127.0.0.1', PORT: '0', METRICS_PORT: '0' };
const ROOT = path.join(import.meta.dirname, '../..');

const document = await askApi();
const files: Record<string, string> = {
  'docs/openapi.json': `${JSON.stringify(document, null, 2)}\n`,
  'docs/api.md': describeRoutes(document),
  'client/src/schema.ts': await clientTypes(document),
};
for (const [file, text] of Object.entries(files)) await writeFile(path.join(ROOT, file), text);
process.stdout.write(`${Object.keys(files).join('\n')}\n`);

/** The document as an API serves it, so that nothing here has to know how routes are put together. */
async function askApi(): Promise<OpenApi> {
  const folder = await mkdtemp(path.join(tmpdir(), 'inferq-generate-'));
  const redis = await startTemporaryRedis();
  try {
    const env = {
      ...process.env,
      REDIS_URL: redis.url,
      INFERQ_MODELS: await someModel(folder),
      ...FREE_PORTS,
    };
    const file = path.join(ROOT, 'api/index.ts');
    const api = await startRole(
      { name: 'API', file, log: path.join(folder, 'api.log'), env },
      new AbortController().signal,
    );
    const answer: unknown = await (await fetch(`${api.url}/openapi.json`)).json();
    await api.stop(5000);
    if (!isOpenApi(answer)) throw new Error('The API did not answer an OpenAPI document');
    return answer;
  } finally {
    await redis.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function someModel(folder: string): Promise<string> {
  const file = path.join(folder, 'models.yaml');
  await writeFile(
    file,
    'models: [{ name: any, protocol: json, endpoints: [{ url: "http://127.0.0.1:9" }] }]\n',
  );
  return file;
}
