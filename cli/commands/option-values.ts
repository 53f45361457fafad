import { InvalidArgumentError, Option } from 'commander';

/** Seconds, as every duration of the broker: a number, not below 0. */
export function seconds(value: string): number {
  const number = Number(value);
  if (value.trim() === '' || !Number.isFinite(number) || number < 0) {
    throw new InvalidArgumentError('It takes a number of seconds.');
  }
  return number;
}

/** The optional number of `--wait`, which swallows whatever word follows it. */
export function waitSeconds(value: string): number {
  if (!Number.isNaN(Number(value))) return seconds(value);
  throw new InvalidArgumentError(`It takes a number of seconds or nothing: put it last, or write --wait=30.`);
}

export function count(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1)
    throw new InvalidArgumentError('It takes a whole number above 0.');
  return number;
}

/** Collects a repeatable option. */
export function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}

/** Collects repeatable `key=value` labels. */
export function label(value: string, before: Record<string, string> = {}): Record<string, string> {
  const equals = value.indexOf('=');
  const key = value.slice(0, Math.max(0, equals));
  if (key === '') throw new InvalidArgumentError('It takes key=value.');
  if (Object.hasOwn(before, key)) throw new InvalidArgumentError(`It gives "${key}" twice.`);
  return { ...before, [key]: value.slice(equals + 1) };
}

export function port(value: string): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || number > 65_535) throw new InvalidArgumentError('It takes a port, 0 to 65535.');
  return number;
}

export interface OfTenant {
  tenant?: string;
}

export function ofTenant(): Option {
  return new Option('--tenant <tenant>', 'of that tenant, for admins');
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A time in the past as RFC 3339: given as such, or as how long ago (`30m`). */
export function since(value: string): string {
  const [, number, unit = ''] = /^(\d{1,6})([smhd])$/.exec(value) ?? [];
  const time = number === undefined ? Date.parse(value) : Date.now() - Number(number) * (UNITS[unit] ?? 0);
  if (Number.isNaN(time))
    throw new InvalidArgumentError('It takes 30m, 2h, 1d, or a time such as 2026-01-31T08:00Z.');
  return new Date(time).toISOString();
}

/** A time of RFC 3339, as it is; the broker is the one to say whether there is such a day. */
export function time(value: string): string {
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i.test(value)) return value;
  throw new InvalidArgumentError('It takes a time such as 2027-01-31T12:00:00Z.');
}

export function positive(value: string): number {
  const number = Number(value);
  if (!Number.isFinite(number) || number <= 0) throw new InvalidArgumentError('It takes a number above 0.');
  return number;
}
