import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { ModelSpec } from '../../shared/model.ts';
import { ModelFileError, parseModelFile } from '../../shared/models/model-file.ts';
import { createModelSource } from '../../shared/models/model-source.ts';

const FILES: Record<string, string> = {
  '/run/secrets/key': 's3cret\n',
  '/run/secrets/two': 'a\nb\r\n',
  '/run/secrets/empty': '\n',
};

function parse(authorization: string, url = 'http://10.0.0.7/'): ModelSpec[] {
  const endpoint = JSON.stringify({ url, headers: { authorization } });
  const text = `models: [{name: m, protocol: json, description: "\${file:/run/secrets/key}", endpoints: [${endpoint}]}]`;
  return parseModelFile(text, 'models.yaml', { HOST: 'h' }, (file) => {
    const content = FILES[file];
    if (content === undefined) throw Object.assign(new Error('canary'), { code: 'ENOENT' });
    return content;
  });
}

test('a file is put into headers and urls of endpoints without its last line break, and nowhere else', (t) => {
  t.like(parse('Bearer ${file:/run/secrets/key}', 'http://${HOST}/?k=${file:/run/secrets/key}')[0], {
    description: '${file:/run/secrets/key}',
    endpoints: [{ url: 'http://h/?k=s3cret', headers: { authorization: 'Bearer s3cret' } }],
  });
  t.is(parse('', 'http://h/?k=${file:/run/secrets/two}')[0]?.endpoints[0]?.url, 'http://h/?k=a\nb');
  t.throws(() => parse('${file:/run/secrets/two}'), { message: /such as a line break$/ });
});

for (const [placeholder, message] of [
  [
    '${file:/run/secrets/none}',
    /\/headers\/authorization: the file \/run\/secrets\/none cannot be read: ENOENT$/,
  ],
  [
    '${file:secrets/key}',
    /\/headers\/authorization: the file "secrets\/key" must be named by its whole path$/,
  ],
  ['${file:/run/secrets/empty}', /the file \/run\/secrets\/empty is empty$/],
  ['${file:}', /must be named by its whole path$/],
] as const) {
  test(`${placeholder} is refused with its place`, (t) => {
    t.throws(() => parse(placeholder), { instanceOf: ModelFileError, message });
  });
}

test('a secret that changes is read again, one that goes away leaves the one before in force', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'inferq-secrets-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const [models, key] = [path.join(folder, 'models.yaml'), path.join(folder, 'key')];
  // As secrets are replaced in a cluster: at once.
  const replaceKey = async (text: string): Promise<void> => {
    await writeFile(`${key}.new`, text);
    await rename(`${key}.new`, key);
  };
  await replaceKey('one\n');
  const endpoint = JSON.stringify({ url: 'http://10.0.0.7/', headers: { 'x-key': `\${file:${key}}` } });
  await writeFile(models, `models: [{name: m, protocol: json, endpoints: [${endpoint}]}]`);
  const source = createModelSource(models, {});
  t.is(keyOf(await source.load()), 'one');
  const told = watching(t, source);
  await replaceKey('two');
  t.is(await told.next(), 'two');
  await rm(key);
  t.regex(await told.next(), /cannot be read: ENOENT/);
  await replaceKey('three');
  t.is(await told.next(), 'three');
});

function keyOf(specs: ModelSpec[]): string {
  return specs[0]?.endpoints[0]?.headers?.['x-key'] ?? '';
}

/** What the source tells, one after the other: the key in the specs, or the message of the fault. */
function watching(
  t: ExecutionContext,
  source: ReturnType<typeof createModelSource>,
): { next: () => Promise<string> } {
  const told: string[] = [];
  let wake: (() => void) | undefined;
  const tell = (what: string): void => {
    told.push(what);
    wake?.();
  };
  source.start(
    (specs) => tell(keyOf(specs)),
    (error) => tell(String(error)),
  );
  t.teardown(() => source.stop());
  return {
    async next() {
      while (told.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      return told.shift() ?? '';
    },
  };
}
