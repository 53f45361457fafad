import test from 'ava';
import {
  describeGuarantee,
  durabilityFault,
  guaranteeFor,
  type Offer,
} from '../../shared/redis/durability.ts';

const PLAIN: Offer = { onDisk: false, evicts: false, wanted: 0, connected: 0 };

test('unless asked, it promises what Redis is set to, not what happens to be connected', (t) => {
  const promised = (offer: Partial<Offer>) => guaranteeFor(undefined, { ...PLAIN, ...offer }).durability;
  t.is(promised({}), 'memory');
  t.is(promised({ wanted: 1, connected: 1 }), 'memory');
  t.is(promised({ onDisk: true, connected: 2 }), 'fsync');
  t.is(promised({ onDisk: true, wanted: 1 }), 'replicated');
});

test('a promise needs what it rests on', (t) => {
  const fault = (asked: 'memory' | 'fsync' | 'replicated', offer: Partial<Offer>) =>
    durabilityFault(asked, { ...PLAIN, ...offer });
  t.is(fault('memory', { evicts: true }), undefined);
  t.regex(fault('fsync', {}) ?? '', /set 'appendonly yes'/);
  t.is(fault('fsync', { onDisk: true }), undefined);
  t.regex(fault('replicated', { onDisk: true }) ?? '', /has no replica: connect one/);
  t.is(fault('replicated', { connected: 1 }), undefined);
  t.is(fault('replicated', { wanted: 1 }), undefined, 'one that is away for a moment may come back');
  t.regex(fault('replicated', { connected: 1, evicts: true }) ?? '', /maxmemory-policy noeviction/);
});

test('a 202 waits for as many replicas as Redis wants, one at the least, and it says whether they are all', (t) => {
  const said = (offer: Partial<Offer>) =>
    describeGuarantee(guaranteeFor('replicated', { ...PLAIN, ...offer }));
  t.is(said({ connected: 2 }), 'replicated: on 1 replica, not on disk');
  t.is(said({ onDisk: true, wanted: 2 }), 'replicated: on 2 replicas, and on disk');
});
