import test from 'ava';
import { startTestBroker, type Answered, type BrokerOptions, type TestBroker } from '../support/broker.ts';

/** One broker for all tests of a file that only look at it: it starts with the first and goes after the last. */
export function shareBroker(prepare: () => Promise<BrokerOptions>): () => Promise<TestBroker> {
  const teardowns: (() => unknown)[] = [];
  let started: Promise<TestBroker> | undefined;
  test.after.always(async () => {
    for (const teardown of teardowns.toReversed()) await teardown();
  });
  const context = { teardown: (teardown: () => unknown) => void teardowns.push(teardown) };
  return () => (started ??= prepare().then((options) => startTestBroker(context, options)));
}

/** What the broker makes of a credential: `GET /models` needs one that is good, and nothing else. */
export function present(broker: TestBroker, credential: string): Promise<Answered> {
  return broker.request('/models', { headers: { authorization: `Bearer ${credential}` } });
}
