import { messageOf } from '../errors.ts';

const ANSWERS =
  /^(LOADING|READONLY|OOM|CLUSTERDOWN|MASTERDOWN|NOREPLICAS|MISCONF|TRYAGAIN|BUSY|NOSCRIPT|UNBLOCKED|MOVED|ASK)\b/;
const MESSAGES = [
  'Command timed out',
  'Connection is closed.',
  "Stream isn't writeable and enableOfflineQueue options is false",
  "Cluster isn't ready and enableOfflineQueue options is false",
  'Too many Cluster redirections',
  'Cluster is disconnect',
  'Node is disconnected',
  'Socket timeout',
  'All sentinels are unreachable',
  'None of startup nodes is available',
];
const CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EHOSTUNREACH']);

/** Whether an error means that Redis cannot be reached or cannot take writes now, rather than that we asked wrongly. */
export function isRedisTrouble(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.name === 'MaxRetriesPerRequestError' || error.name === 'ClusterAllFailedError') return true;
  if (ANSWERS.test(error.message) || MESSAGES.some((message) => error.message.startsWith(message)))
    return true;
  return 'code' in error && typeof error.code === 'string' && CODES.has(error.code);
}

/** An error for who runs the broker: what Redis says itself stays, what ioredis says of its streams means nothing there. */
export function explainTrouble(error: unknown): string {
  const message = messageOf(error);
  if (!isRedisTrouble(error) || ANSWERS.test(message)) return message;
  return 'Redis does not answer: see that it runs, and that REDIS_URL leads to it.';
}
