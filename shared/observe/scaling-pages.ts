import { messageOf } from '../errors.ts';
import { isRedisTrouble } from '../redis/trouble.ts';
import type { ScalingReader } from '../scaling/scaling-reader.ts';

const PATH = /^\/scaling(?:\/([^/]+))?$/;

/** The numbers as plain JSON, as KEDA's scaler `metrics-api` reads them; undefined where the path is another's. */
export async function answerScaling(
  path: string,
  read: ScalingReader,
): Promise<{ status: number; body: unknown } | undefined> {
  const match = PATH.exec(path);
  if (!match) return undefined;
  try {
    const models = await read();
    if (match[1] === undefined) return { status: 200, body: Object.fromEntries(models) };
    const numbers = models.get(match[1]);
    return numbers
      ? { status: 200, body: numbers }
      : { status: 404, body: { error: 'There is no such model.' } };
  } catch (error) {
    if (!isRedisTrouble(error)) return { status: 500, body: { error: messageOf(error) } };
    return { status: 503, body: { error: 'Redis does not answer: the numbers are not known.' } };
  }
}
