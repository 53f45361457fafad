import type { Job } from '../../shared/job.ts';
import type { TestBroker } from './broker.ts';
import type { Scope } from './scope.ts';
import { startScriptedModel, type Behaviour, type ScriptedModel } from './scripted-model.ts';

/** A scripted model server that goes with the test. */
export async function startModel(t: Scope, behave?: Behaviour): Promise<ScriptedModel> {
  const model = await startScriptedModel(behave);
  t.teardown(model.stop);
  return model;
}

/** So many jobs at once, each with a call of its own; answers their ids. */
export async function submitMany(broker: TestBroker, model: string, count: number): Promise<string[]> {
  const jobs = Array.from({ length: count }, (_, input) => broker.submit({ model, input, cache: 'bypass' }));
  return (await Promise.all(jobs)).map(({ id }) => id);
}

/** The jobs when they have ended, with their attempts. */
export async function endsOf(broker: TestBroker, ids: string[]): Promise<Job[]> {
  return Promise.all(ids.map((id) => broker.job(id, '?wait=60&include=attempts')));
}

/** Each status that one of the jobs has, once. */
export function statusesOf(jobs: Job[]): string[] {
  return [...new Set(jobs.map(({ status }) => status))];
}
