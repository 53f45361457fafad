import { Writable } from 'node:stream';
import test from 'ava';
import { pino } from 'pino';
import { createEvents } from '../../shared/events.ts';
import { logEvents } from '../../shared/observe/log.ts';

test('a fault that lasts is told once, but for each thing that fails by it', (t) => {
  const events = createEvents();
  const told: unknown[] = [];
  const lines = new Writable({
    write(line, _encoding, done) {
      told.push(JSON.parse(String(line)).where);
      done();
    },
  });
  logEvents(events, pino(lines));
  const error = new Error('OOM command not allowed');
  for (const where of ['sweeping', 'sweeping', 'opening workers', 'sweeping', 'opening workers'])
    events.emit('redis.failed', { where, error });
  t.deepEqual(told, ['sweeping', 'opening workers']);
});
