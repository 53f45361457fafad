import type { Delivery, DeliveryRecord } from '../shared/webhooks/delivery-record.ts';
import { formatAge, formatSeconds } from './duration.ts';
import { formatTable } from './table.ts';
import { plain, type Screen } from './terminal.ts';
import type { Received } from './webhook-listener.ts';

const HEADINGS = ['ID', 'EVENT', 'STATUS', 'AGE', 'TRIES', 'LAST', 'NEXT', 'URL'];

/** `now`: milliseconds, for the ages. */
export function formatDeliveries(deliveries: readonly Delivery[], screen: Screen, now: number): string {
  const rows = deliveries.map(({ id, event, status, created_at, attempts, next_at, url }) => [
    id,
    event,
    status,
    formatAge(created_at, now),
    String(attempts.length),
    lastOf(attempts),
    next_at === null ? '–' : formatSeconds(Math.max(0, Math.round((Date.parse(next_at) - now) / 1000))),
    plain(url),
  ]);
  return formatTable(HEADINGS, rows, screen);
}

/** What a receiver did with an attempt, in a few words: `204 in 12 ms`. */
export function describeAttempt({ status, outcome, duration_ms: took }: DeliveryRecord): string {
  const what = status === undefined ? outcome : String(status);
  return took === undefined ? what : `${what} in ${formatSeconds(took / 1000)}`;
}

/** The same, with what went wrong and when it is tried again. */
export function describeInFull(attempt: DeliveryRecord): string {
  const { error, next_at: next } = attempt;
  const why = error ? `: ${plain(error)}` : '';
  return `${describeAttempt(attempt)}${why}${next ? `; again at ${next}` : ''}`;
}

function lastOf(attempts: readonly DeliveryRecord[]): string {
  const last = attempts.at(-1);
  return last ? describeAttempt(last) : '–';
}

/** A line for each message that comes while somebody listens. */
export function formatReceived(
  { at, id, type, job, status, verified, why, answered, forwarded }: Received,
  { colors }: Screen,
): string {
  const mark = verified ? colors.green('✓') : colors.red('✗');
  const time = colors.dim(at.slice(11, 19));
  const about = [type, job, status].filter((part) => part !== '').map(plain);
  const more = verified ? (forwarded ?? `answered ${answered}`) : `not genuine: ${why}`;
  return `${mark} ${time} ${colors.bold(about[0] ?? 'no webhook')} ${about.slice(1).join(' ')} ${colors.dim(
    `${plain(id)} · ${plain(more)}`,
  )}\n`;
}
