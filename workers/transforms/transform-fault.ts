import { InferqError } from '../../shared/errors.ts';
import { describeFault, type ExpressionFault } from '../../shared/models/expression.ts';
import type { EvaluatorEnd } from './evaluator-process.ts';

export type TransformName = 'preprocess' | 'postprocess';

/** Why evaluations were given up, with their process. */
export type Loss =
  | { kind: 'over the limit' }
  | { kind: 'stuck' }
  | { kind: 'ended'; end: EvaluatorEnd }
  | { kind: 'not started'; end: EvaluatorEnd };

/** Nothing in an expression makes the kernel send these: someone else ended the process. */
const FOREIGN: ReadonlySet<string> = new Set(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT']);

/** `transform_failed`: the expression itself could not be evaluated for this input. */
export function expressionError(name: TransformName, fault: ExpressionFault): InferqError {
  return new InferqError('transform_failed', `The ${name} transform failed: ${describeFault(fault)}.`);
}

/** Whether the expression is to blame, if it was the only one in the process. */
export function isOfExpression(loss: Loss): boolean {
  return loss.kind === 'over the limit' || (loss.kind === 'ended' && !FOREIGN.has(loss.end.signal ?? ''));
}

/** `transform_failed` where the expression is to blame; else `internal`, which a repetition may mend. */
export function lossError(
  name: TransformName,
  loss: Loss,
  { timeMs, memoryMb }: { timeMs: number; memoryMb: number },
): InferqError {
  if (!isOfExpression(loss)) {
    const how = loss.kind === 'ended' || loss.kind === 'not started' ? ` (${loss.end.how})` : '';
    return new InferqError('internal', `The process for the ${name} transform was lost: ${loss.kind}${how}.`);
  }
  const why =
    loss.kind === 'ended'
      ? `it took more than ${memoryMb} MB of memory, or broke its process (${loss.end.how})`
      : `it took longer than ${timeMs} ms`;
  const advice = 'Make its expression simpler, or do the work in the model server.';
  return new InferqError('transform_failed', `The ${name} transform was stopped: ${why}. ${advice}`);
}
