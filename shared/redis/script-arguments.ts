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
  const output = kind === 'succeeded' ? toField(outcome.output) : '';
  const error = kind === 'failed' || kind === 'handover' ? outcome.error : '';
  const cacheTtl = kind === 'succeeded' ? Math.round(outcome.cacheTtlMs) : 0;
  return [kind, output, error, attempt, cacheTtl, kind === 'putback' && outcome.counts ? 1 : 0];
}
