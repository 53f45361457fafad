import { EventEmitter } from 'node:events';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import test from 'ava';
import { watchDepartures } from '../../api/http/departures.ts';

const responseOf = (): ServerResponse => new ServerResponse(new IncomingMessage(new Socket()));

test('who goes away before the answer is whole is told by the signal', (t) => {
  const response = responseOf();
  const signal = watchDepartures(new AbortController().signal)(response);
  t.false(signal.aborted);
  EventEmitter.prototype.emit.call(response, 'close');
  t.true(signal.aborted);
});

test('who had the whole answer has not gone away', (t) => {
  const response = responseOf();
  Object.defineProperty(response, 'writableFinished', { value: true });
  const signal = watchDepartures(new AbortController().signal)(response);
  EventEmitter.prototype.emit.call(response, 'close');
  t.false(signal.aborted);
});

test('a replica that shuts down aborts all signals, and those that are asked for later', (t) => {
  const closing = new AbortController();
  const departureOf = watchDepartures(closing.signal);
  const [one, other] = [departureOf(responseOf()), departureOf(responseOf())];
  closing.abort();
  t.deepEqual([one.aborted, other.aborted, departureOf(responseOf()).aborted], [true, true, true]);
});

test('for one that has gone already the signal is aborted from the start', (t) => {
  const response = responseOf();
  response.destroy();
  t.true(watchDepartures(new AbortController().signal)(response).aborted);
});
