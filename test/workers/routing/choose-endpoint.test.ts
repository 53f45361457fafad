import test from 'ava';
import * as fc from 'fast-check';
import { chooseEndpoint, type Candidate } from '../../../workers/routing/choose-endpoint.ts';

const NOW = 1000;

function candidate(more: Partial<Candidate> = {}): Candidate {
  return { weight: 1, priority: 0, health: 'up', probeAt: 0, pausedUntil: 0, room: 1, load: 0, ...more };
}

/** As it is answered, but with the place of the chosen one in the list. */
function choose(candidates: Candidate[], spent = 0, random = Math.random) {
  const choice = chooseEndpoint(candidates, { spent, now: NOW, random });
  if (choice.kind !== 'go') return choice;
  return { kind: choice.kind, index: candidates.indexOf(choice.chosen) };
}

const anyCandidate = fc.record<Candidate>({
  weight: fc.double({ min: 0.1, max: 10, noNaN: true }),
  priority: fc.integer({ min: 0, max: 3 }),
  health: fc.constantFrom('up', 'probe', 'probing', 'down'),
  probeAt: fc.integer({ min: 0, max: 2 * NOW }),
  pausedUntil: fc.integer({ min: 0, max: 2 * NOW }),
  room: fc.integer({ min: -1, max: 2 }),
  load: fc.integer({ min: 0, max: 20 }),
});
const numbers = fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }));

test('what is chosen is in order, not paused, has room, and is of the best such priority', (t) => {
  fc.assert(
    fc.property(fc.array(anyCandidate, { minLength: 1, maxLength: 6 }), numbers, (candidates, stream) => {
      const choice = choose(candidates, 0, () => stream.next().value ?? 0);
      const open = candidates.filter(
        ({ health, pausedUntil }) => (health === 'up' || health === 'probe') && pausedUntil <= NOW,
      );
      const best = Math.min(...open.map(({ priority }) => priority));
      if (choice.kind === 'go') {
        const chosen = candidates[choice.index];
        return !!chosen && open.includes(chosen) && chosen.room > 0 && chosen.priority === best;
      }
      if (choice.kind === 'unreachable') return candidates.every(({ health }) => health === 'down');
      return open.every(({ priority, room }) => priority > best || room <= 0);
    }),
  );
  t.pass();
});

test('of two endpoints the one with less load for its weight is chosen', (t) => {
  t.deepEqual(choose([candidate({ load: 3 }), candidate({ load: 2 })]), { kind: 'go', index: 1 });
  t.deepEqual(choose([candidate({ load: 3, weight: 2 }), candidate({ load: 2 })]), { kind: 'go', index: 0 });
});

test('idle endpoints are chosen as often as their weights say', (t) => {
  const counts = [0, 0];
  for (let at = 0; at < 10_000; at++) {
    const choice = choose([candidate({ weight: 3 }), candidate()], 0, () => ((at * 7919) % 10_000) / 10_000);
    if (choice.kind === 'go') counts[choice.index] = (counts[choice.index] ?? 0) + 1;
  }
  t.true(Math.abs((counts[0] ?? 0) - 7500) < 100, counts.join(' '));
});

test('calls under way spread as the weights say when all are loaded', (t) => {
  const endpoints = [
    candidate({ weight: 4, room: 99 }),
    candidate({ weight: 2, room: 99 }),
    candidate({ room: 99 }),
  ];
  for (let at = 0; at < 70; at++) {
    const choice = choose(endpoints);
    const chosen = choice.kind === 'go' ? endpoints[choice.index] : undefined;
    if (chosen) chosen.load += 1;
  }
  const [first = 0, second = 0, third = 0] = endpoints.map(({ load }) => load);
  t.true(first > second && second > third, `${first} ${second} ${third}`);
  t.true(Math.abs(first - 40) <= 6, `${first}`);
});

test('the next priority answers while the better one is out of order or paused, not while it is full', (t) => {
  const next = candidate({ priority: 1 });
  t.deepEqual(choose([candidate({ health: 'down' }), next]), { kind: 'go', index: 1 });
  t.deepEqual(choose([candidate({ health: 'probing' }), next]), { kind: 'go', index: 1 });
  t.deepEqual(choose([candidate({ pausedUntil: NOW + 1 }), next]), { kind: 'go', index: 1 });
  t.like(choose([candidate({ room: 0 }), next]), { kind: 'wait' });
  t.deepEqual(choose([candidate({ health: 'probe' }), next]), { kind: 'go', index: 0 });
});

test('each failed attempt begins one priority further, and around again', (t) => {
  const endpoints = [candidate(), candidate({ priority: 5 }), candidate({ priority: 9, health: 'down' })];
  const chosen = [0, 1, 2].map((spent) => choose(endpoints, spent));
  t.deepEqual(
    chosen.map((choice) => (choice.kind === 'go' ? choice.index : choice.kind)),
    [0, 1, 0],
  );
});

test('with none in order it says when the first is tried again', (t) => {
  const down = [2500, 1800].map((probeAt) => candidate({ health: 'down', probeAt }));
  t.deepEqual(choose(down), { kind: 'unreachable', until: 1800 });
  t.deepEqual(choose([...down, candidate({ pausedUntil: 4000 })]), { kind: 'wait', until: 4000 });
  t.deepEqual(choose([...down, candidate({ health: 'probing' })]), { kind: 'wait', until: Infinity });
});
