import { EventEmitter } from 'node:events';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import test from 'ava';
import express from 'express';
import { watchDepartures, type Departing, type DepartureOf } from '../../api/http/departures.ts';

function departing(): Departing {
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  return {
    request: Object.setPrototypeOf(request, express.request),
    response: Object.setPrototypeOf(response, express.response),
    isRevoked: false,
  };
}

function watch(closing = new AbortController()): DepartureOf {
  return watchDepartures({ closing: closing.signal, isRevoked: async () => false });
}

test('who goes away before the answer is whole is told by the signal', (t) => {
  const exchange = departing();
  const signal = watch()(exchange);
  t.false(signal.aborted);
  EventEmitter.prototype.emit.call(exchange.response, 'close');
  t.true(signal.aborted);
});

test('who had the whole answer has not gone away', (t) => {
  const exchange = departing();
  Object.defineProperty(exchange.response, 'writableFinished', { value: true });
  const signal = watch()(exchange);
  EventEmitter.prototype.emit.call(exchange.response, 'close');
  t.false(signal.aborted);
});

test('a replica that shuts down aborts all signals, and those that are asked for later', (t) => {
  const closing = new AbortController();
  const departureOf = watch(closing);
  const [one, other] = [departureOf(departing()), departureOf(departing())];
  closing.abort();
  t.deepEqual([one.aborted, other.aborted, departureOf(departing()).aborted], [true, true, true]);
});

test('for one that has gone already the signal is aborted from the start', (t) => {
  const exchange = departing();
  exchange.response.destroy();
  t.true(watch()(exchange).aborted);
});
