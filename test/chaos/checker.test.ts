import test from 'ava';
import { check, describeFaults, type EndedJob, type Evidence, type HeardWebhook } from './checker.ts';

const acknowledged = [1, 2, 3].map((n) => ({ key: `key ${n}`, id: `job_${n}` }));
const ended: EndedJob = { status: 'succeeded', completedAt: 1000 };
const jobs = new Map(acknowledged.map(({ id }) => [id, ended]));
const heard = acknowledged.map(({ id }) => webhook(id));
const sound: Evidence = { acknowledged, jobs, heard };

function webhook(job: string, more: Partial<HeardWebhook> = {}): HeardWebhook {
  return { job, webhookId: `msg_${job}`, status: 'succeeded', at: 1001, ...more };
}

function withJob(id: string, job: EndedJob | undefined): Evidence {
  const changed = new Map(jobs);
  if (job) changed.set(id, job);
  else changed.delete(id);
  return { ...sound, jobs: changed };
}

test('where nothing is wrong nothing is found', (t) => {
  t.is(describeFaults(check(sound)), '');
});

test('a job that was acknowledged and is not there is lost', (t) => {
  t.deepEqual(check(withJob('job_2', undefined)).lost, ['job_2']);
  t.is(describeFaults(check(withJob('job_2', undefined))), '1 lost');
});

test('a job that does not end is stuck, and nobody misses its webhook yet', (t) => {
  const evidence = withJob('job_2', { status: 'running', completedAt: null });
  const without = heard.filter(({ job }) => job !== 'job_2');
  t.is(describeFaults(check({ ...evidence, heard: without })), '1 stuck');
  t.deepEqual(check(evidence).stuck, ['job_2']);
});

test('an end that nobody was told of is unheard', (t) => {
  t.deepEqual(check({ ...sound, heard: heard.slice(1) }).unheard, ['job_1']);
  t.is(describeFaults(check({ ...sound, heard: undefined })), '', 'where no webhook was asked for');
});

test('each webhook too many is a double; under another id it is renamed as well', (t) => {
  const again = [...heard, webhook('job_1'), webhook('job_1')];
  t.is(describeFaults(check({ ...sound, heard: again })), '2 doubled');
  const other = [...heard, webhook('job_3', { webhookId: 'another' })];
  t.is(describeFaults(check({ ...sound, heard: other })), '1 doubled, 1 renamed');
});

test('a webhook before the end, of an end that is none, or of another end is early', (t) => {
  const before = heard.map((given) => (given.job === 'job_3' ? { ...given, at: 999 } : given));
  t.deepEqual(check({ ...sound, heard: before }).early, ['job_3']);
  t.deepEqual(check(withJob('job_3', { status: 'running', completedAt: null })).early, ['job_3']);
  t.deepEqual(check(withJob('job_3', { status: 'failed', completedAt: 1000 })).early, ['job_3']);
});

test('a webhook of a job that nobody was given is foreign', (t) => {
  t.is(describeFaults(check({ ...sound, heard: [...heard, webhook('job_9')] })), '1 foreign');
});

test('a key that stands for two jobs has a twin', (t) => {
  const twice = [...acknowledged, { key: 'key 1', id: 'job_2' }];
  t.deepEqual(check({ ...sound, acknowledged: twice }).twins, ['job_2']);
  t.is(describeFaults(check({ ...sound, acknowledged: [...acknowledged, ...acknowledged] })), '');
});
