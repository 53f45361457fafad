import { readFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { startModelServer } from '../../examples/models/server.ts';
import { parseModelFile } from '../../shared/models/model-file.ts';
import { startTestBroker } from '../support/broker.ts';

const EXAMPLES = path.join(import.meta.dirname, '../../examples');

test('the three demo models answer, each by its own protocol', async (t) => {
  const demo = await startModelServer({ host: '127.0.0.1', port: 0 });
  t.teardown(() => demo.stop());
  const file = path.join(EXAMPLES, 'models/models.yaml');
  const models = parseModelFile(await readFile(file, 'utf8'), file, { DEMO_MODELS_URL: demo.url });
  const broker = await startTestBroker(t, { models });

  const text = 'Guten Morgen, wie geht es Ihnen?';
  const language = await broker.run({ model: 'language-id', input: { text } });
  t.like(language, { status: 'succeeded', cache: 'miss', error: null, output: { language: 'de' } });
  const again = await broker.run({ model: 'language-id', input: { text } });
  t.is(again.cache, 'hit');
  t.deepEqual(again.output, language.output);
  t.not(again.id, language.id);

  const image = (await readFile(path.join(EXAMPLES, 'images/hello.png'))).toString('base64');
  const read = await broker.run({ model: 'ocr', input: { image } });
  t.like(read, { status: 'succeeded', output: { text: 'The quick brown fox\njumps over the lazy dog.' } });

  const input = { prompt: 'Call me', max_tokens: 12, seed: 7 };
  const story = await broker.run({ model: 'moby', input });
  t.like(story, {
    status: 'succeeded',
    output: { finish_reason: 'length', usage: { completion_tokens: 12 } },
  });
});
