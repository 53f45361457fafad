import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { HttpError, readJson, sendJson } from './http-json.ts';
import { identify } from './language-id.ts';
import type { Call, Handler, Routes } from './routes.ts';

const NAME = 'language-id';
const VERSION = '1';
const BATCH_LIMIT = 1000;

const INPUTS = [{ name: 'text', datatype: 'BYTES', shape: [-1] }];
const OUTPUTS = [
  { name: 'language', datatype: 'BYTES', shape: [-1] },
  { name: 'confidence', datatype: 'FP32', shape: [-1] },
];

const Parameters = Type.Optional(Type.Record(Type.String(), Type.Unknown()));

/** The protocol's request, narrowed to the one input that this model has. */
const InferRequest = Type.Object({
  id: Type.Optional(Type.String()),
  parameters: Parameters,
  inputs: Type.Array(
    Type.Object({
      name: Type.Literal('text'),
      datatype: Type.Literal('BYTES'),
      shape: Type.Array(Type.Integer({ minimum: 0 }), { minItems: 1, maxItems: 1 }),
      data: Type.Array(Type.String(), { maxItems: BATCH_LIMIT }),
      parameters: Parameters,
    }),
    { minItems: 1, maxItems: 1 },
  ),
  outputs: Type.Optional(Type.Array(Type.Object({ name: Type.String(), parameters: Parameters }))),
});
type InferRequest = Static<typeof InferRequest>;
const inferRequest = Compile(InferRequest);

/**
 * Open Inference Protocol V2, REST, for the one model `language-id`.
 * https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
 */
export function openInferenceRoutes(): Routes {
  const metadata = { name: NAME, versions: [VERSION], platform: 'lande', inputs: INPUTS, outputs: OUTPUTS };
  const model = [`/v2/models/${NAME}`, `/v2/models/${NAME}/versions/${VERSION}`];
  return [
    ['GET /v2', answer({ name: 'inferq-demo-models', version: VERSION, extensions: [] })],
    ['GET /v2/health/live', answer({ live: true })],
    // The specification's text says `live` here too, servers in the field say `ready`.
    ['GET /v2/health/ready', answer({ live: true, ready: true })],
    ...model.map((path) => [`GET ${path}`, answer(metadata)] as const),
    ...model.map((path) => [`GET ${path}/ready`, answer({ name: NAME, ready: true })] as const),
    ...model.map((path) => [`POST ${path}/infer`, infer] as const),
  ];
}

function answer(body: unknown): Handler {
  return ({ response }) => sendJson(response, 200, body);
}

async function infer({ request, response, signal }: Call): Promise<void> {
  const asked = await readJson(request, inferRequest);
  const texts = batchOf(asked);
  const wanted = wantedOutputs(asked);
  const found = [];
  for (const text of texts) {
    found.push(identify(text));
    await nextTurn(undefined, { signal }); // a long batch must not hold up everybody else
  }
  const data: Record<string, unknown[]> = {
    language: found.map(({ language }) => language),
    confidence: found.map(({ confidence }) => confidence),
  };
  sendJson(response, 200, {
    model_name: NAME,
    model_version: VERSION,
    ...(asked.id === undefined ? {} : { id: asked.id }),
    outputs: wanted.map((output) => ({ ...output, shape: [texts.length], data: data[output.name] })),
  });
}

function batchOf({ inputs: [input] }: InferRequest): string[] {
  const { shape = [], data = [] } = input ?? {};
  if (shape[0] === data.length) return data;
  throw new HttpError(400, `inputs.0.shape is [${shape.join()}], but data holds ${data.length} texts`);
}

function wantedOutputs({ outputs }: InferRequest): typeof OUTPUTS {
  const names = outputs?.map(({ name }) => name);
  const unknown = names?.find((name) => OUTPUTS.every((output) => output.name !== name));
  if (unknown !== undefined) throw new HttpError(400, `the model has no output "${unknown}"`);
  return OUTPUTS.filter(({ name }) => names?.includes(name) ?? true);
}
