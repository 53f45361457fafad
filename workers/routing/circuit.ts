import { circuitBreaker, CircuitState, CountBreaker, handleWhen } from 'cockatiel';

export type CircuitPhase = 'closed' | 'open' | 'half-open';

/** What of a circuit can be told to others. Times are epoch ms; `probeAt` counts where it is open. */
export interface CircuitView {
  phase: CircuitPhase;
  since: number;
  probeAt: number;
}

/** The circuit breaker of one endpoint. */
export interface Circuit {
  view(): CircuitView;
  /** Does the work and counts how it ended; while it is open, the first work after `probeAt` is the probe. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Opens it on other evidence than its own calls; one that is open stays so for longer. */
  open(probeAt: number): void;
  /** Makes an open one due for its probe. */
  probeNow(): void;
}

export interface CircuitOptions {
  /** Whether what was thrown is the endpoint's fault. */
  isFault: (thrown: unknown) => boolean;
  /** Whether it proves that the endpoint answers: a probe that neither failed nor was answered shows nothing. */
  isAnswer: (thrown: unknown) => boolean;
  onChange: (phase: CircuitPhase) => void;
  /** Epoch ms. */
  now: () => number;
  random: () => number;
}

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;
/** It opens when more than half of the last twenty calls failed, of five at least. */
const COUNTED = { threshold: 0.5, size: 20, minimumNumberOfCalls: 5 };

/** Before the n-th probe of a circuit that stays open; jittered, so that workers do not probe in step. */
export function pauseMs(openings: number, random: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** (openings - 1), LONGEST_PAUSE_MS) * (0.8 + random * 0.4);
}

/**
 * cockatiel counts, and lets one probe through at a time. When that is due is decided here: it has no clock but the
 * system's, and another worker's word may hold the circuit open or end the pause.
 */
export function createCircuit({ isFault, isAnswer, onChange, now, random }: CircuitOptions): Circuit {
  let openings = 0;
  let since = now();
  let probeAt = 0;
  let counts = new CountBreaker(COUNTED);
  let policy = build();

  function build(initialState?: unknown) {
    const built = circuitBreaker(
      handleWhen((error) => isFault(error) || (built.state === CircuitState.HalfOpen && !isAnswer(error))),
      { breaker: counts, halfOpenAfter: 0, initialState },
    );
    built.onBreak(() => opened(now() + pauseMs(++openings, random())));
    built.onHalfOpen(() => changed('half-open'));
    built.onReset(() => {
      openings = 0;
      changed('closed');
    });
    return built;
  }

  function opened(until: number): void {
    probeAt = until;
    changed('open');
  }

  function changed(phase: CircuitPhase): void {
    since = now();
    onChange(phase);
  }

  /** A refusal that is not its fault counts for it; to cockatiel an error of others is nothing at all. */
  function answered(thrown: unknown): never {
    if (isAnswer(thrown)) counts.success(CircuitState.Closed);
    throw thrown;
  }

  return {
    view: () => ({ phase: phaseOf(policy.state), since, probeAt }),
    run: (work) => policy.execute(() => work().catch(answered)),
    open(until) {
      if (policy.state === CircuitState.Open) {
        probeAt = Math.max(probeAt, until);
        return;
      }
      const ownState = { value: CircuitState.Open, openedAt: 0, attemptNo: 1 };
      counts = new CountBreaker(COUNTED);
      policy = build({ ownState, breakerState: counts.state });
      openings = Math.max(1, openings);
      opened(until);
    },
    probeNow() {
      probeAt = Math.min(probeAt, now());
    },
  };
}

function phaseOf(state: CircuitState): CircuitPhase {
  if (state === CircuitState.Closed) return 'closed';
  return state === CircuitState.HalfOpen ? 'half-open' : 'open';
}
