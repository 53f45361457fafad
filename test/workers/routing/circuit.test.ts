import test from 'ava';
import { InferqError } from '../../../shared/errors.ts';
import { blameOf } from '../../../workers/routing/blame.ts';
import { createCircuit, pauseMs, type CircuitPhase } from '../../../workers/routing/circuit.ts';

const down = new InferqError('model_unavailable', 'no connection');
const refused = new InferqError('model_error', 'bad input', { upstream: 400 });

function circuitAt(clock: { now: number }) {
  const changes: CircuitPhase[] = [];
  const circuit = createCircuit({
    isFault: (thrown) => blameOf(thrown) === 'endpoint',
    isAnswer: (thrown) => blameOf(thrown) === 'caller',
    onChange: (phase) => changes.push(phase),
    now: () => clock.now,
    random: () => 0.5,
  });
  const meet = (thrown: unknown) => circuit.run(() => Promise.reject(thrown)).catch(() => undefined);
  const succeed = () => circuit.run(() => Promise.resolve('fine'));
  return { circuit, changes, meet, succeed };
}

async function times(count: number, act: () => Promise<unknown>): Promise<void> {
  for (let time = 0; time < count; time++) await act();
}

test('five failures in a row open it, and the first success after the pause closes it', async (t) => {
  const { circuit, changes, meet, succeed } = circuitAt({ now: 1000 });
  await times(4, () => meet(down));
  t.is(circuit.view().phase, 'closed');
  await meet(down);
  t.deepEqual(circuit.view(), { phase: 'open', since: 1000, probeAt: 2000 });
  t.is(await succeed(), 'fine');
  t.deepEqual(changes, ['open', 'half-open', 'closed']);
});

test('of an endpoint that has been well more than half of its calls must fail', async (t) => {
  const { circuit, meet, succeed } = circuitAt({ now: 0 });
  await times(30, succeed);
  await times(10, () => meet(down));
  t.is(circuit.view().phase, 'closed');
  await meet(down);
  t.is(circuit.view().phase, 'open');
});

test('what the endpoint refuses for good reason counts for it, what was broken off here not at all', async (t) => {
  const { circuit, meet } = circuitAt({ now: 0 });
  await times(20, () => meet('abandoned'));
  await times(4, () => meet(refused));
  await times(4, () => meet(down));
  t.is(circuit.view().phase, 'closed');
  await meet(down);
  t.is(circuit.view().phase, 'open');
});

test('each probe that fails, or shows nothing, doubles the pause, up to half a minute', async (t) => {
  const clock = { now: 0 };
  const { circuit, meet } = circuitAt(clock);
  await times(5, () => meet(down));
  const pauses: number[] = [];
  for (const thrown of [down, 'abandoned', down, down, down, down, down]) {
    clock.now = circuit.view().probeAt;
    await meet(thrown);
    pauses.push(circuit.view().probeAt - clock.now);
  }
  t.deepEqual(pauses, [2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  t.is(circuit.view().phase, 'open');
});

test('a refusal of the request is an answer, and closes it', async (t) => {
  const { circuit, meet } = circuitAt({ now: 0 });
  await times(5, () => meet(down));
  await meet(refused);
  t.is(circuit.view().phase, 'closed');
});

test('it can be opened by the word of others, and told that the time has come', async (t) => {
  const clock = { now: 0 };
  const { circuit, succeed } = circuitAt(clock);
  circuit.open(5000);
  t.like(circuit.view(), { phase: 'open', probeAt: 5000 });
  circuit.open(9000);
  t.is(circuit.view().probeAt, 9000);
  clock.now = 100;
  circuit.probeNow();
  t.is(circuit.view().probeAt, 100);
  await succeed();
  t.is(circuit.view().phase, 'closed');
});

test('pauses are spread by a fifth either way', (t) => {
  t.deepEqual([pauseMs(1, 0), pauseMs(1, 0.5), pauseMs(3, 0)], [800, 1000, 3200]);
  t.true(pauseMs(1, 0.999) < 1200);
});
