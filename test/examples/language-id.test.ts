import test from 'ava';
import lande from 'lande';
import { twoLetters } from '../../examples/models/language-id.ts';
import type { ModelServer } from '../../examples/models/server.ts';
import { jsonOf, post, startServer } from './model-server.ts';

let server: ModelServer;
test.before(async () => {
  server = await startServer();
});
test.after.always(() => server.stop());

const infer = (body: unknown) => post(`${server.url}/v2/models/language-id/infer`, body);
const get = async (path: string) => jsonOf(await fetch(server.url + path));
const texts = (...data: string[]) => ({ name: 'text', shape: [data.length], datatype: 'BYTES', data });

for (const [language, text] of [
  ['de', 'Guten Morgen, wie geht es dir?'],
  ['en', 'The quick brown fox jumps over the lazy dog.'],
  ['fr', 'Le chat dort sur le canapé du salon.'],
  ['es', 'Mañana por la mañana el tren sale de la estación a las ocho en punto.'],
  ['pt', 'Esta carta foi escrita há muitos anos por uma senhora que morava em Lisboa.'],
  ['nl', 'De kinderen spelen buiten in de tuin terwijl hun vader het eten klaarmaakt.'],
  ['cs', 'Každé ráno jezdí do práce na kole, protože autobus má vždycky zpoždění.'],
  ['uk', 'Книга, яку ти мені подарувала, досі лежить на столі біля вікна.'],
  ['tr', 'Kardeşim geçen yıl üniversiteyi bitirdi ve küçük bir şehirde çalışmaya başladı.'],
  ['ja', '窓の外では雪が静かに降っていて、子供たちは喜んで庭へ走って行きました。'],
] as const) {
  test(`a sentence in ${language} is recognised with confidence`, async (t) => {
    const response = await infer({ inputs: [texts(text)] });
    t.is(response.status, 200);
    const { outputs } = await jsonOf(response);
    t.like(outputs[0], { name: 'language', datatype: 'BYTES', shape: [1], data: [language] });
    t.like(outputs[1], { name: 'confidence', datatype: 'FP32', shape: [1] });
    t.true(outputs[1].data[0] > 0.9 && outputs[1].data[0] <= 1);
  });
}

test('a batch of three texts is answered in order by one call', async (t) => {
  const response = await infer({
    inputs: [
      texts('Das Wetter ist heute schön.', 'Where is the railway station?', 'Il fait très beau ce matin.'),
    ],
  });
  const { outputs } = await jsonOf(response);
  t.deepEqual(outputs[0].data, ['de', 'en', 'fr']);
  t.deepEqual(outputs[1].shape, [3]);
  t.is(outputs[1].data.length, 3);
});

test('an empty batch gives empty tensors', async (t) => {
  const { outputs } = await jsonOf(await infer({ inputs: [texts()] }));
  t.deepEqual(outputs[0], { name: 'language', datatype: 'BYTES', shape: [0], data: [] });
});

test('a text without a known letter is undetermined, not Korean', async (t) => {
  const { outputs } = await jsonOf(await infer({ inputs: [texts('', '12345 !?', 'ሰላም')] }));
  t.deepEqual(outputs[0].data, ['und', 'und', 'und']);
  t.deepEqual(outputs[1].data, [0, 0, 0]);
});

test('each of the 50 languages has a code of its own of two letters', (t) => {
  const codes = new Set(lande('any').map(([code]) => twoLetters(code)));
  t.is(codes.size, 50);
  t.true([...codes].every((code) => /^[a-z]{2}$/.test(code)));
});

test('the id of the request comes back, and no id where there was none', async (t) => {
  const inputs = [texts('Bonjour à tous')];
  t.like(await jsonOf(await infer({ id: '42', parameters: { a: 1 }, inputs })), {
    id: '42',
    model_version: '1',
  });
  t.false('id' in (await jsonOf(await infer({ inputs }))));
});

test('only the outputs asked for are given', async (t) => {
  const { outputs } = await jsonOf(
    await infer({ inputs: [texts('Bonjour')], outputs: [{ name: 'language' }] }),
  );
  t.deepEqual(
    outputs.map((output: { name: string }) => output.name),
    ['language'],
  );
});

test('the server and the model describe themselves and are ready', async (t) => {
  t.like(await get('/v2/health/live'), { live: true });
  t.like(await get('/v2/health/ready'), { ready: true });
  t.deepEqual(Object.keys(await get('/v2')), ['name', 'version', 'extensions']);
  t.deepEqual(await get('/v2/models/language-id/ready'), { name: 'language-id', ready: true });
  const metadata = await get('/v2/models/language-id');
  t.like(metadata, { name: 'language-id', versions: ['1'], platform: 'lande' });
  t.deepEqual(metadata.inputs, [{ name: 'text', datatype: 'BYTES', shape: [-1] }]);
  t.deepEqual(metadata, await get('/v2/models/language-id/versions/1'));
});

for (const [fault, body] of Object.entries({
  'no inputs': {},
  'another tensor': { inputs: [{ ...texts('a'), name: 'image' }] },
  'another datatype': { inputs: [{ ...texts('a'), datatype: 'FP32' }] },
  'numbers as text': { inputs: [{ ...texts('a'), data: [1] }] },
  'a shape that is not that of the data': { inputs: [{ ...texts('a'), shape: [2] }] },
  'a matrix': { inputs: [{ ...texts('a'), shape: [1, 1] }] },
  'an output that does not exist': { inputs: [texts('a')], outputs: [{ name: 'mood' }] },
  'a batch of 1001': { inputs: [texts(...Array<string>(1001).fill(''))] },
  'no JSON': 'text=Guten Morgen',
})) {
  test(`${fault} is refused with 400 and a reason`, async (t) => {
    const response = await infer(body);
    t.is(response.status, 400);
    const answer = await jsonOf(response);
    t.deepEqual(Object.keys(answer), ['error']);
    t.is(typeof answer.error, 'string');
  });
}

test('another model, and another version, are not found', async (t) => {
  for (const path of ['/v2/models/mood/infer', '/v2/models/language-id/versions/2/infer']) {
    const response = await post(server.url + path, { inputs: [texts('a')] });
    t.is(response.status, 404);
    t.is(typeof (await jsonOf(response)).error, 'string');
  }
});
