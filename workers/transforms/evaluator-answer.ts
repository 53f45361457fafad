import type { ExpressionFault } from '../../shared/models/expression.ts';

/** What an evaluator process says in a line. `pulse`: it is there, and has computed for `cpuMs` since its start. */
export type EvaluatorAnswer =
  | { kind: 'pulse'; cpuMs: number }
  | { kind: 'value'; id: number; value: unknown }
  | { kind: 'fault'; id: number; fault: ExpressionFault };

/** Undefined for what is no answer: an expression that got hold of the process must not get hold of this one. */
export function parseAnswer(line: string): EvaluatorAnswer | undefined {
  const parts = toList(line);
  const [id, kind, content] = parts;
  if (typeof id !== 'number') return undefined;
  if (kind === 'value' && parts.length === 3) return { kind, id, value: content };
  if (kind === 'fault') return { kind, id, fault: toFault(content) };
  if (kind === 'pulse' && typeof content === 'number') return { kind, cpuMs: content };
  return undefined;
}

function toList(line: string): unknown[] {
  try {
    const parsed: unknown = JSON.parse(line);
    return Array.isArray(parsed) ? parsed : [];
  } catch {
    // Not JSON is as little of an answer as any other JSON.
    return [];
  }
}

function toFault(content: unknown): ExpressionFault {
  const given: Partial<Record<keyof ExpressionFault, unknown>> = Object(content);
  return {
    message: String(given.message),
    ...(typeof given.position === 'number' ? { position: given.position } : {}),
    ...(typeof given.token === 'string' ? { token: given.token } : {}),
  };
}
