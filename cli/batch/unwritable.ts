import { messageOf } from '../../shared/errors.ts';
import { EXIT } from '../exit-code.ts';
import { Failure } from '../failure.ts';

/** A file of a run that has begun cannot be written any more: the disk is full, or gone. */
export function unwritable(path: string, error: unknown): Failure {
  const problem = {
    type: 'urn:inferq:cli:unwritable',
    title: `${path} cannot be written`,
    detail: messageOf(error),
  };
  return new Failure(EXIT.refused, problem, { cures: ['The same command goes on where it stopped'] });
}
