import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import { atTurnEnd } from '../../shared/redis/turn-end.ts';

test('at the end of a turn batches are put together first, and what they send is sent with the rest', async (t) => {
  const done: string[] = [];
  atTurnEnd('send', () => done.push('sent'));
  atTurnEnd('batch', () => {
    done.push('put together');
    atTurnEnd('send', () => done.push('sent for it'));
  });
  t.deepEqual(done, []);
  await turn();
  t.deepEqual(done, ['put together', 'sent', 'sent for it']);
});

test('what is due while a turn ends is done with the next one', async (t) => {
  const done: string[] = [];
  atTurnEnd('send', () => {
    done.push('first');
    atTurnEnd('send', () => done.push('second'));
  });
  await turn();
  t.deepEqual(done, ['first']);
  await turn();
  t.deepEqual(done, ['first', 'second']);
});
