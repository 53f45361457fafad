import test from 'ava';
import { assert, double, property } from 'fast-check';
import { desiredWorkers } from '../../shared/scaling/desired-workers.ts';

const goal = { wait: 10, perWorker: 10, most: 1000 };

test('by Little’s law: places are arrivals times run time, four fifths of each worker', (t) => {
  t.is(desiredWorkers({ waiting: 0, running: 40, rate: 40, runTime: 1 }, goal), 5);
  t.is(desiredWorkers({ waiting: 0, running: 41, rate: 41, runTime: 1 }, goal), 6);
  // A hundred more that wait are to start within ten seconds: ten more a second.
  t.is(desiredWorkers({ waiting: 100, running: 40, rate: 40, runTime: 1 }, goal), 7);
});

test('nothing to do takes nobody; anything takes one', (t) => {
  t.is(desiredWorkers({ waiting: 0, running: 0, rate: 0, runTime: null }, goal), 0);
  t.is(desiredWorkers({ waiting: 1, running: 0, rate: 0, runTime: 0.001 }, goal), 1);
  t.is(desiredWorkers({ waiting: 0, running: 0, rate: 0.01, runTime: 0.001 }, goal), 1);
});

test('before the first run has ended each job has a place', (t) => {
  t.is(desiredWorkers({ waiting: 16, running: 0, rate: 0, runTime: null }, goal), 2);
});

test('there are never more workers than the model’s own limit can keep busy', (t) => {
  const demand = { waiting: 1e6, running: 0, rate: 100, runTime: 10 };
  t.is(desiredWorkers(demand, { ...goal, most: 40 }), 4);
});

test('more to do never takes fewer workers, and the answer is a whole number', (t) => {
  const number = double({ min: 0, max: 1e6, noNaN: true });
  t.notThrows(() =>
    assert(
      property(number, number, number, number, number, (waiting, running, rate, runTime, more) => {
        const before = desiredWorkers({ waiting, running, rate, runTime }, goal);
        const after = desiredWorkers({ waiting: waiting + more, running, rate, runTime }, goal);
        return Number.isInteger(before) && after >= before;
      }),
    ),
  );
});
