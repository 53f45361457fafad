import { objectWith, type Example } from './example.ts';

// https://github.com/replicate/cog/blob/main/docs/http.md ("PUT /predictions/<prediction_id>", "Streaming
// predictions"), and crates/coglet/src/transport/http/routes.rs there for refusals
const metrics = { predict_time: 0.42 };
const prediction = { id: 'job_1', status: 'succeeded', output: ['On', 'ions'], logs: '', metrics };

export const example: Example = {
  input: { prompt: 'a haiku about onions' },
  request: { input: { prompt: 'a haiku about onions' } },
  path: '/predictions',
  takes: objectWith({ input: { type: 'object', required: ['prompt'] } }, ['input']),
  answer: prediction,
  output: ['On', 'ions'],
  refusal: {
    status: 422,
    body: { detail: [{ loc: ['body', 'input', 'prompt'], msg: 'field required', type: 'value_error' }] },
    message: 'body.input.prompt: field required',
  },
  stream: {
    headers: { accept: 'text/event-stream' },
    events: [
      ['start', '{"id": "job_1", "status": "processing"}'],
      ['log', '{"source": "stdout", "data": "warm"}'],
      ['output', '{"chunk": "On", "index": 0}'],
      ['metric', '{"name": "tokens", "value": 2, "mode": "replace"}'],
      ['output', '{"chunk": "ions", "index": 1}'],
      ['completed', JSON.stringify(prediction)],
    ],
    chunks: ['On', 'ions'],
  },
};
