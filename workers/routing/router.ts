import type { Events } from '../../shared/events.ts';
import { endpointId, endpointName } from '../../shared/endpoint-name.ts';
import type { Endpoint } from '../../shared/model.ts';
import type { Model } from '../../shared/models/registry.ts';
import { createBell, type Bell } from './bell.ts';
import { blameOf } from './blame.ts';
import { chooseEndpoint, type Candidate, type Choice } from './choose-endpoint.ts';
import type { CircuitPhase } from './circuit.ts';
import { createEndpointState, type EndpointState } from './endpoint-state.ts';
import { busy, unreachable } from './no-endpoint.ts';
import type { BreakSignal } from '../break-signal.ts';

/** Finds each call an endpoint, and learns from its end. */
export interface Router {
  /**
   * Does the work at an endpoint that is in order and has room; waits for one a few seconds. Where an endpoint says
   * that it has no room, another one is tried. Throws what the work throws, or `model_unavailable` with what stands
   * behind it: `unreachable`, or `busy` where it is not to count as an attempt.
   */
  call<T>(model: Model, how: CallOptions, work: (endpoint: Endpoint) => Promise<T>): Promise<T>;
  /** The states of a model's endpoints, in the order of its spec. */
  statesOf(model: Model): EndpointState[];
  states(): Iterable<EndpointState>;
  /** Forgets endpoints that no model has any more; what versions have in common gets the largest concurrency of them. */
  sync(models: readonly Model[]): void;
}

export interface CallOptions {
  /** Attempts of the run that failed before. */
  spent: number;
  signal: BreakSignal;
}

export interface RouterParts {
  events: Events;
  /** Epoch ms. */
  now: () => number;
  random: () => number;
}

interface Place extends Candidate {
  endpoint: Endpoint;
  state: EndpointState;
}

/** A slot of the model is kept that long; then the run goes back into the queue. */
const WAIT_MS = 5000;

/** One for a process. */
export function createRouter({ events, now, random }: RouterParts): Router {
  const states = new Map<string, EndpointState>();
  const bells = new Map<string, Bell>();
  let most: ReadonlyMap<string, number> = new Map();

  function bellOf(code: string): Bell {
    const bell = bells.get(code) ?? createBell();
    bells.set(code, bell);
    return bell;
  }

  function stateOf({ code, spec }: Model, { url }: Endpoint): EndpointState {
    const key = keyOf(code, url);
    const about = { model: spec.name, endpoint: endpointName(url) };
    const state =
      states.get(key) ??
      createEndpointState({
        code,
        url,
        most: most.get(key) ?? spec.concurrency,
        now,
        random,
        onChange(phase, detail) {
          events.emit(EVENTS[phase], { ...about, detail });
          bellOf(code).ring();
        },
        onCall: (outcome, milliseconds) =>
          events.emit('endpoint.called', { ...about, outcome, milliseconds }),
      });
    states.set(key, state);
    return state;
  }

  const statesOf = (model: Model): EndpointState[] =>
    model.spec.endpoints.map((endpoint) => stateOf(model, endpoint));

  function choose(model: Model, spent: number): Choice<Place> {
    const places = model.spec.endpoints.map((endpoint): Place => {
      const state = stateOf(model, endpoint);
      const { weight, priority } = endpoint;
      return { endpoint, state, weight, priority, ...state.condition() };
    });
    return chooseEndpoint(places, { spent, now: now(), random });
  }

  /** Waits until there may be an endpoint; throws where that is too long. */
  async function outlast(
    model: Model,
    choice: Exclude<Choice<Place>, { kind: 'go' }>,
    deadline: number,
    signal: BreakSignal,
  ): Promise<void> {
    const waitMs = choice.until - now();
    if (choice.kind === 'unreachable') throw unreachable(model.spec, waitMs);
    if (now() >= deadline || isTooLate(choice.until, deadline)) throw busy(model.spec, waitMs);
    await bellOf(model.code).wait(Math.min(choice.until, deadline) - now(), signal);
  }

  return {
    async call(model, { spent, signal }, work) {
      const deadline = now() + WAIT_MS;
      const full = new Set<EndpointState>();
      for (;;) {
        signal.throwIfAborted();
        const choice = choose(model, spent);
        if (choice.kind !== 'go') {
          await outlast(model, choice, deadline, signal);
          continue;
        }
        // Nothing is awaited since the choice: the room that it saw is there.
        const { endpoint, state } = choice.chosen;
        try {
          return await state.call(() => work(endpoint));
        } catch (thrown) {
          if (blameOf(thrown) !== 'busy' || full.has(state)) throw thrown;
          full.add(state);
        } finally {
          bellOf(model.code).ring();
        }
      }
    },
    statesOf,
    states: () => states.values(),
    sync(models) {
      most = mostOf(models);
      for (const [key, state] of states) {
        const bound = most.get(key);
        if (bound === undefined) states.delete(key);
        else state.bound(bound);
      }
      for (const bell of bells.values()) bell.ring();
    },
  };
}

const EVENTS = {
  open: 'endpoint.opened',
  'half-open': 'endpoint.probed',
  closed: 'endpoint.closed',
} as const satisfies Record<CircuitPhase, string>;

/** Calls at once for each endpoint: of the versions that share it, the most that one allows. */
function mostOf(models: readonly Model[]): Map<string, number> {
  const most = new Map<string, number>();
  for (const { code, spec } of models)
    for (const { url } of spec.endpoints) {
      const key = keyOf(code, url);
      most.set(key, Math.max(most.get(key) ?? 0, spec.concurrency));
    }
  return most;
}

function keyOf(code: string, url: string): string {
  return `${code} ${endpointId(url)}`;
}

/** Waiting for room has no end of its own. */
function isTooLate(until: number, deadline: number): boolean {
  return Number.isFinite(until) && until > deadline;
}
