import { Webhook, WebhookVerificationError } from 'standardwebhooks';

export type Headers = Readonly<Record<string, string>>;

/** What became of checking a message: genuine, and how old it is in seconds; or why it is not. */
export type Verdict = { genuine: true; age: number } | { genuine: false; why: string };

/** Verifies as a receiver does, by the library. `body` as it came: what was parsed and written again is another. */
export function verifyMessage(secret: string, body: string, headers: Headers, now: number): Verdict {
  const age = Math.round(now / 1000 - Number(headers['webhook-timestamp']));
  try {
    new Webhook(secret).verify(body, { ...headers });
    return { genuine: true, age };
  } catch (error) {
    if (!(error instanceof WebhookVerificationError)) throw error;
    return { genuine: false, why: error.message };
  }
}

/** The same for one that was kept: a receiver would refuse it for its age, so that its age is told and not judged. */
export function verifyKept(secret: string, body: string, headers: Headers, now: number): Verdict {
  const { 'webhook-id': id, 'webhook-timestamp': stamp, 'webhook-signature': given } = headers;
  const missing = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].filter((name) => !headers[name]);
  if (!id || !stamp || !given) return { genuine: false, why: `It lacks ${missing.join(' and ')}` };
  if (!/^\d{1,12}$/.test(stamp)) return { genuine: false, why: 'webhook-timestamp is no number of seconds' };
  const expected = new Webhook(secret).sign(id, new Date(Number(stamp) * 1000), body);
  if (!given.split(' ').includes(expected)) return { genuine: false, why: 'No matching signature found' };
  return { genuine: true, age: Math.round(now / 1000 - Number(stamp)) };
}
