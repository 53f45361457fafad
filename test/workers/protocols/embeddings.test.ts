import test from 'ava';
import { InferqError } from '../../../shared/errors.ts';
import { protocolOf } from '../../../workers/protocols/registry.ts';

const SERVERS = {
  'openai-embeddings': {
    answerOf: (vectors: number[][]) => ({
      data: vectors.map((embedding, index) => ({ index, embedding })),
    }),
    outputOf: (vectors: number[][]): unknown => ({ embeddings: vectors, usage: null }),
    inputOf: (input: unknown) => ({ input }),
  },
  'text-embeddings': {
    answerOf: (vectors: number[][]) => vectors,
    outputOf: (vectors: number[][]): unknown => vectors,
    inputOf: (inputs: unknown) => ({ inputs }),
  },
} as const;

for (const name of ['openai-embeddings', 'text-embeddings'] as const) {
  const { answerOf, outputOf, inputOf } = SERVERS[name];
  const protocol = protocolOf(name);

  for (const [texts, vectors] of [
    [['one', 'two'], [[1]]],
    [
      ['one', 'two'],
      [[1], [2], [3]],
    ],
    ['one', [[1], [2]]],
    ['one', []],
  ] as [string | string[], number[][]][]) {
    test(`${name}: ${vectors.length} vectors for ${JSON.stringify(texts)} are invalid_output`, (t) => {
      for (const input of [texts, inputOf(texts)]) {
        const error = t.throws(() => protocol.toOutput(answerOf(vectors), input), {
          instanceOf: InferqError,
        });
        t.is(error?.code, 'invalid_output');
        t.regex(error?.message ?? '', new RegExp(`but ${vectors.length} for ${[texts].flat().length}\\b`));
      }
    });
  }

  test(`${name}: how many texts a list of tokens is, is for the server to say`, (t) => {
    t.deepEqual(protocol.toOutput(answerOf([[1], [2]]), [[5, 6], [7]]), outputOf([[1], [2]]));
    t.deepEqual(protocol.toOutput(answerOf([[1]]), inputOf([5, 6])), outputOf([[1]]));
  });
}
