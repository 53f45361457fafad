import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import type { EvaluatorAnswer } from '../../../workers/transforms/evaluator-answer.ts';
import { startEvaluator } from '../../../workers/transforms/evaluator-process.ts';

const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
const onLinux = existsSync('/proc/self/task') ? test : test.skip;

/** What an evaluator says to one task. */
async function ask(t: ExecutionContext, engine: string): Promise<EvaluatorAnswer> {
  return new Promise((resolve, reject) => {
    const limits = { memoryMb: 64, maxCharacters: 10_000 };
    const evaluator = startEvaluator(
      limits,
      {
        onAnswer: (answer) => (answer.kind === 'pulse' ? evaluator.send('[1,"x",null]\n') : resolve(answer)),
        onEnd: (end) => reject(new Error(end.how)),
      },
      engine,
    );
    t.teardown(() => evaluator.kill());
  });
}

test('what runs in an evaluator has no environment, files, processes, threads, eval or prototypes', async (t) => {
  const answer = await ask(t, fixture('escape.cjs'));
  t.deepEqual(answer.kind === 'value' ? answer.value : answer, {
    environment: '[]',
    read: 'refused: ERR_ACCESS_DENIED',
    list: 'refused: ERR_ACCESS_DENIED',
    write: 'refused: ERR_ACCESS_DENIED',
    spawn: 'refused: ERR_ACCESS_DENIED',
    thread: 'refused: ERR_ACCESS_DENIED',
    code: 'refused: EvalError',
    prototype: 'refused: TypeError',
  });
});

test('an engine that cannot be loaded ends the process, and it is told', async (t) => {
  await t.throwsAsync(ask(t, fixture('none.cjs')), { message: 'exit code 1' });
});

interface Host {
  process: ChildProcess;
  run(expression: string): Promise<unknown>;
  /** The process ids of its evaluators. */
  evaluators(): number[];
}

async function startHost(t: ExecutionContext): Promise<Host> {
  const child = fork(fixture('host.ts'));
  t.teardown(() => child.kill('SIGKILL'));
  await once(child, 'message');
  return {
    process: child,
    async run(expression) {
      child.send(expression);
      const [answer] = await once(child, 'message');
      return answer;
    },
    evaluators: () => childrenOf(child.pid ?? 0),
  };
}

function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
}

onLinux('a signal that is sent to the whole group leaves the evaluator to its parent', async (t) => {
  const host = await startHost(t);
  t.deepEqual(await host.run('a'), { value: 1 });
  const before = host.evaluators();
  t.is(before.length, 1);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) for (const pid of before) process.kill(pid, signal);
  t.deepEqual(await host.run('a + 1'), { value: 2 });
  t.deepEqual(host.evaluators(), before);
});

onLinux(
  'an evaluator that someone else kills is replaced, and nobody is told that their expression failed',
  async (t) => {
    const host = await startHost(t);
    t.deepEqual(await host.run('a'), { value: 1 });
    const [before = 0] = host.evaluators();
    process.kill(before, 'SIGKILL');
    await sleep(100);
    t.deepEqual(await host.run('a + 1'), { value: 2 });
    t.false(host.evaluators().includes(before));
  },
);

onLinux('an evaluator ends with the process that started it, even if that is killed', async (t) => {
  const host = await startHost(t);
  await host.run('a');
  const [evaluator = 0] = host.evaluators();
  t.true(evaluator > 0);
  host.process.kill('SIGKILL');
  for (
    let waited = 0;
    waited < 5000 && existsSync(`/proc/${evaluator}/stat`) && isRunning(evaluator);
    waited += 20
  ) {
    await sleep(20);
  }
  t.false(existsSync(`/proc/${evaluator}/stat`) && isRunning(evaluator));
});

/** What nobody has waited for is dead all the same. */
function isRunning(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    // It went between the two looks.
    return false;
  }
}
