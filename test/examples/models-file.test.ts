import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import test from 'ava';
import jsonata from 'jsonata';
import { Type, type Static } from 'typebox';
import { parse } from 'yaml';
import type { ModelServer } from '../../examples/models/server.ts';
import { ModelSpec } from '../../shared/model.ts';
import { helloPng, jsonOf, post, startServer } from './model-server.ts';

const FILE = readFileSync(new URL('../../examples/models/models.yaml', import.meta.url), 'utf8');
const ajv = new Ajv({ useDefaults: true });
const ModelFile = Type.Object({ models: Type.Array(ModelSpec) });

let server: ModelServer;
test.before(async () => {
  server = await startServer();
});
test.after.always(() => server.stop());

function models(): ModelSpec[] {
  const file: unknown = parse(FILE.replaceAll('${DEMO_MODELS_URL}', server.url));
  const isModelFile = ajv.compile<Static<typeof ModelFile>>(ModelFile);
  if (!isModelFile(file)) throw new Error(ajv.errorsText(isModelFile.errors));
  return file.models;
}

function model(name: string): ModelSpec {
  const found = models().find((spec) => spec.name === name);
  if (found === undefined) throw new Error(`models.yaml has no ${name}`);
  return found;
}

/** What the broker does with a job, for a protocol that adds `extra` to the request. */
async function run(spec: ModelSpec, input: object, extra: object = {}): Promise<unknown> {
  const request = Object.assign({}, await transform(spec.preprocess, input), extra);
  const response = await post(spec.endpoints[0]?.url ?? '', request);
  return transform(spec.postprocess, await jsonOf(response));
}

async function transform(expression: string | undefined, value: unknown): Promise<unknown> {
  return expression === undefined ? value : jsonata(expression).evaluate(value);
}

test('the file is one that the broker accepts', (t) => {
  t.deepEqual(
    models().map(({ name, protocol, cost }) => ({ name, protocol, cost })),
    [
      { name: 'language-id', protocol: 'open-inference-v2', cost: 1 },
      { name: 'ocr', protocol: 'json', cost: 1 },
      { name: 'moby', protocol: 'openai-completions', cost: 1 },
    ],
  );
});

test('each has an example that it takes, for those who try it', async (t) => {
  for (const spec of models()) {
    const { examples } = Object(spec.input_schema);
    t.true(Array.isArray(examples), spec.name);
    const input = Object(examples[0]);
    t.true(ajv.validate(spec.input_schema, input), spec.name);
    const output = await run(spec, input, spec.name === 'moby' ? { model: 'moby' } : {});
    if (spec.name !== 'moby') t.true(ajv.validate(spec.output_schema, output), spec.name);
  }
});

test('language-id makes a tensor of a text and a flat object of the answer', async (t) => {
  const spec = model('language-id');
  const output = await run(spec, { text: 'Guten Morgen, wie geht es dir?' });
  t.like(output, { language: 'de' });
  t.true(ajv.validate(spec.output_schema, output));
});

test('ocr sends and returns plain JSON', async (t) => {
  const spec = model('ocr');
  const input = { image: helloPng().toString('base64') };
  t.true(ajv.validate(spec.input_schema, input));
  const output = await run(spec, input);
  t.true(ajv.validate(spec.output_schema, output));
  t.like(output, { text: 'The quick brown fox\njumps over the lazy dog.' });
});

test('moby takes the fields of OpenAI that it understands, and no other', async (t) => {
  const spec = model('moby');
  const input = { prompt: 'Call me', max_tokens: 8, temperature: 0.5, seed: 1, stop: ['.'] };
  t.true(ajv.validate(spec.input_schema, input));
  t.false(ajv.validate(spec.input_schema, { ...input, model: 'gpt-4' }));
  t.false(ajv.validate(spec.input_schema, { ...input, max_tokens: 513 }));
  t.like(await run(spec, input, { model: 'moby' }), { object: 'text_completion' });
});
