import { InferqError, messageOf, toProblem, type ErrorCode, type Problem } from '../errors.ts';
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
    if (numbers) return { status: 200, body: numbers };
    return problem('model_not_found', 'There is no such model. GET /scaling lists them.');
  } catch (error) {
    if (!isRedisTrouble(error)) return problem('internal', messageOf(error));
    return problem('redis_unavailable', 'Redis does not answer: the numbers are not known.');
  }
}

function problem(code: ErrorCode, detail: string): { status: number; body: Problem } {
  const body = toProblem(new InferqError(code, detail));
  return { status: body.status, body };
}
