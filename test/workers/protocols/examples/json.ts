import type { Example } from './example.ts';

// docs/models.md of this repository.
export const example: Example = {
  input: { text: 'good' },
  request: { text: 'good' },
  path: '/predict',
  takes: {},
  answer: { label: 'positive', score: 0.93 },
  output: { label: 'positive', score: 0.93 },
  refusal: { status: 422, body: { error: 'text is too long' }, message: 'text is too long' },
  stream: {
    events: [
      ['progress', '{"progress": 0.5}'],
      ['chunk', '"posi"'],
      ['output', '{"label": "positive", "score": 0.93}'],
    ],
    chunks: ['posi'],
  },
  batch: {
    inputs: [{ text: 'good' }, 'bad', null],
    request: [{ text: 'good' }, 'bad', null],
    answer: [{ label: 'positive' }, 'negative', 0],
    outputs: [{ label: 'positive' }, 'negative', 0],
  },
};
