import { createServer, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { answer, serve } from '../child.ts';

/** A model server without a model: it answers at once, or as slowly and as much as the path says. */
let calls = 0;
let free = Promise.resolve();
const small = JSON.stringify({ text: 'x'.repeat(1000) });
const large = JSON.stringify({ text: 'x'.repeat(1_000_000) });

answer(() => ({ calls }));

serve(
  createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      calls += 1;
      if (request.url === '/large') return send(response, large);
      if (request.url === '/never') return;
      if (request.url === '/random') return send(response, JSON.stringify({ text: randomText() }));
      if (request.url === '/costly') return void oneAtATime().then(() => send(response, predictions(pieces)));
      if (request.url?.startsWith('/v1/')) return send(response, completion);
      return send(response, small);
    });
  }),
);

function send(response: ServerResponse, body: string): void {
  response.setHeader('content-type', 'application/json');
  response.setHeader('content-length', Buffer.byteLength(body));
  response.end(body);
}

/** 5 ms of one machine that does one thing at a time, however much is in a call. */
function oneAtATime(): Promise<void> {
  free = free.then(() => sleep(5));
  return free;
}

function predictions(pieces: Buffer[]): string {
  const { instances } = JSON.parse(Buffer.concat(pieces).toString());
  return JSON.stringify({ predictions: instances });
}

function randomText(): string {
  let text = '';
  while (text.length < 1000) text += Math.random().toString(36).slice(2);
  return text.slice(0, 1000);
}

const completion = JSON.stringify({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: 'x'.repeat(700) }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 10, completion_tokens: 10, total_tokens: 20 },
});
