import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { emptyFolder, runInferq } from './inferq-process.ts';

test('config check warns of words in a schema that check nothing', async (t) => {
  const cwd = await emptyFolder(t);
  const schema = '{type: object, requierd: [text], properties: {text: {type: string, x-rows: 3}}}';
  const text = `models: [{name: m, protocol: json, endpoints: [{url: "http://a"}], input_schema: ${schema}}]`;
  await writeFile(join(cwd, 'odd.yaml'), text);
  const { code, stdout } = await runInferq(t, ['config', 'check', 'odd.yaml'], { cwd });
  t.is(code, 0);
  t.regex(
    stdout,
    /^! m@1 at \/input_schema\/requierd: is no keyword .*did you mean 'required'\?\n✓ 1 served/,
  );
  const { stdout: json } = await runInferq(t, ['config', 'check', 'odd.yaml', '--json'], { cwd });
  t.is(JSON.parse(json).warnings.length, 1);
});

test('config check tells the faults of each file of a folder, and speaks of no variable where there is none', async (t) => {
  const cwd = await emptyFolder(t);
  const spec = 'protocol: json, endpoints: [{url: "http://a"}]';
  await writeFile(join(cwd, 'a.yaml'), `models: [{name: a, timeout: 0, ${spec}}]`);
  await writeFile(join(cwd, 'b.yaml'), `models: [{name: b, colour: red, ${spec}}]`);
  const { code, stderr } = await runInferq(t, ['config', 'check', '.'], { cwd });
  t.is(code, 1);
  t.regex(stderr, /a\.yaml at \/models\/0\/timeout: must be > 0/);
  t.regex(stderr, /b\.yaml at \/models\/0\/colour: is not a known property/);
  const none = await runInferq(t, ['config', 'check', 'nope'], { cwd });
  t.is(none.code, 2);
  t.regex(none.stderr, /no model file or folder at nope/);
  t.notRegex(none.stderr, /INFERQ_MODELS/);
});

test('config check tells every fault of a model file without a broker', async (t) => {
  const cwd = await emptyFolder(t);
  const endpoints = 'endpoints: [{url: "${MODEL_URL}/x"}]';
  await writeFile(join(cwd, 'good.yaml'), `models: [{name: m, protocol: json, ${endpoints}}]`);
  await writeFile(join(cwd, 'bad.yaml'), `models: [{name: m, protocl: json, timeout: 0, ${endpoints}}]`);
  const env = { MODEL_URL: 'http://127.0.0.1:9' };
  const good = await runInferq(t, ['config', 'check', 'good.yaml'], { cwd, env });
  t.is(good.code, 0, good.stderr);
  t.is(good.stdout, '✓ 1 served: m@1\n');
  await writeFile(join(cwd, 'none.yml'), 'models: []');
  t.is((await runInferq(t, ['config', 'check', 'none.yml'], { cwd })).stdout, '✓ no models\n');
  const bad = await runInferq(t, ['config', 'check', 'bad.yaml'], { cwd });
  t.is(bad.code, 1);
  for (const fault of [
    /MODEL_URL is not set/,
    /protocl {2}.*did you mean 'protocol'/,
    /timeout {2}must be > 0/,
  ])
    t.regex(bad.stderr, fault);
  t.is((await runInferq(t, ['config', 'check', 'none.yaml'], { cwd })).code, 2);
});
