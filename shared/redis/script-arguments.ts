import type { Outcome, Price } from '../ports.ts';
import { toField } from '../text.ts';

// What the scripts are given, as the head of each describes it.

/** 0 means none, so what is given is never rounded to it. */
export function milliseconds(seconds: number | undefined): number {
  return seconds === undefined || seconds === 0 ? 0 : Math.max(1, Math.round(seconds * 1000));
}

export function priceArguments({ cost, account }: Price): (string | number)[] {
  return [cost ?? '', account ?? ''];
}

/** As `settle-1.lua` has them, behind the token. */
export function settleArguments(outcome: Outcome): (string | number)[] {
  const { kind, attempt } = outcome;
  if (kind === 'succeeded') return [kind, toField(outcome.output), attempt, Math.round(outcome.cacheTtlMs)];
  if (kind === 'putback') return [kind, '', attempt, outcome.counts ? 1 : 0];
  return [kind, outcome.error, attempt, 0];
}
