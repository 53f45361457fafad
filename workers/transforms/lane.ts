import type { ExpressionFault } from '../../shared/models/expression.ts';
import type { EvaluatorAnswer } from './evaluator-answer.ts';
import {
  startEvaluator,
  type EvaluatorEnd,
  type EvaluatorLimits,
  type EvaluatorProcess,
} from './evaluator-process.ts';
import { watchSilence, type SilenceWatch } from './silence.ts';
import type { Loss } from './transform-fault.ts';

/** One evaluation on its way. */
export interface Task {
  /** Expression and input as JSON texts with a comma between. */
  text: string;
  /** Nobody waits for it any more. */
  isOver(): boolean;
  onValue(value: unknown): void;
  onFault(fault: ExpressionFault): void;
}

export interface LaneOptions<T extends Task> extends EvaluatorLimits {
  /** How many tasks, and characters of tasks, a process holds at once. */
  window: { tasks: number; characters: number };
  /** CPU milliseconds that one evaluation may take. */
  timeMs: number;
  /** The process is gone, and these were in it, or waited for one that could not be started. */
  onLost(tasks: T[], loss: Loss): void;
}

const START_MS = 30_000;

/**
 * A queue of evaluations in front of one process, which is started for the first of them, works through them one
 * after the other, and is replaced when it takes too long or dies.
 */
export class Lane<T extends Task> {
  readonly #options: LaneOptions<T>;
  readonly #queue: T[] = [];
  readonly #sent = new Map<number, T>();
  #characters = 0;
  #ids = 0;
  #process: EvaluatorProcess | undefined;
  /** Present from the moment that the process is ready. */
  #watch: SilenceWatch | undefined;
  #starting: NodeJS.Timeout | undefined;
  #flushing = false;
  #closed = false;

  constructor(options: LaneOptions<T>) {
    this.#options = options;
  }

  /** Starts the process before it is needed. */
  start(): void {
    if (this.#process || this.#closed) return;
    this.#process = startEvaluator(this.#options, {
      onAnswer: (answer) => this.#hear(answer),
      onEnd: (end) => this.#ended(end),
    });
    this.#starting = setTimeout(
      () => this.#ended({ how: `nothing heard for ${START_MS} ms`, signal: null }),
      START_MS,
    );
  }

  /** What comes in one turn of the event loop is sent together: a write for each costs more than most evaluations. */
  submit(task: T): void {
    this.#queue.push(task);
    this.#flushSoon();
  }

  /** Ends the process; answers the tasks that were not done. */
  close(): T[] {
    this.#closed = true;
    this.#drop();
    return [...this.#takeSent(), ...this.#queue.splice(0)];
  }

  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#flushing = false;
    this.start();
    if (!this.#watch) return;
    const wasIdle = this.#sent.size === 0;
    const lines = this.#nextLines();
    if (lines === '') return;
    this.#watch.expect(wasIdle);
    this.#process?.send(lines);
  }

  #nextLines(): string {
    const { tasks, characters } = this.#options.window;
    let lines = '';
    while (this.#sent.size < tasks && this.#characters < characters) {
      const task = this.#queue.shift();
      if (!task) break;
      if (task.isOver()) continue;
      this.#ids += 1;
      this.#sent.set(this.#ids, task);
      this.#characters += task.text.length;
      lines += `[${this.#ids},${task.text}]\n`;
    }
    return lines;
  }

  #hear(answer: EvaluatorAnswer): void {
    this.#watch ??= this.#welcome();
    this.#watch.heard(answer.kind === 'pulse' ? answer.cpuMs : undefined);
    if (answer.kind !== 'pulse') this.#finish(answer);
    if (this.#queue.length > 0) this.#flushSoon();
  }

  #welcome(): SilenceWatch {
    clearTimeout(this.#starting);
    return watchSilence({
      limitMs: this.#options.timeMs,
      isBusy: () => this.#sent.size > 0,
      cpuMs: () => this.#process?.cpuMs(),
      onSilence: (kind) => this.#replace({ kind }),
    });
  }

  #finish(answer: Exclude<EvaluatorAnswer, { kind: 'pulse' }>): void {
    const task = this.#sent.get(answer.id);
    if (!task) return;
    this.#sent.delete(answer.id);
    this.#characters -= task.text.length;
    if (answer.kind === 'value') task.onValue(answer.value);
    else task.onFault(answer.fault);
  }

  #ended(end: EvaluatorEnd): void {
    if (this.#watch) return this.#replace({ kind: 'ended', end });
    // It is not started again before someone asks: what keeps it from starting may last.
    this.#drop();
    this.#options.onLost(this.#queue.splice(0), { kind: 'not started', end });
  }

  #replace(loss: Loss): void {
    this.#drop();
    const lost = this.#takeSent();
    this.start();
    this.#options.onLost(lost, loss);
    if (this.#queue.length > 0) this.#flushSoon();
  }

  #drop(): void {
    clearTimeout(this.#starting);
    this.#watch?.stop();
    this.#watch = undefined;
    this.#process?.kill();
    this.#process = undefined;
  }

  #takeSent(): T[] {
    const tasks = [...this.#sent.values()];
    this.#sent.clear();
    this.#characters = 0;
    return tasks;
  }
}
