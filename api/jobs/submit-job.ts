import type { Texts } from '../../shared/blobs/texts.ts';
import { cacheKey } from '../../shared/cache-key.ts';
import { InferqError } from '../../shared/errors.ts';
import type { Events } from '../../shared/events.ts';
import type { JobRequest } from '../../shared/job.ts';
import type { Model, Registry } from '../../shared/models/registry.ts';
import { chooseVersion } from '../../shared/models/traffic.ts';
import type { Place, Tracing } from '../../shared/observe/trace-context.ts';
import type { Admission, JobStore } from '../../shared/ports.ts';
import type { Principal } from '../../shared/principal.ts';
import { pooledRandomBytes } from '../../shared/random-bytes.ts';
import type { IdempotencyKeys } from '../../shared/redis/idempotency.ts';
import { newJobId, ownerOfRun } from '../../shared/redis/keys.ts';
import type { NoticeQueue } from '../../shared/redis/notice-queue.ts';
import type { Outbox } from '../../shared/redis/outbox.ts';
import type { WorkQueue } from '../../shared/redis/work-queue.ts';
import type { JobSpec, StoredJob } from '../../shared/stored-job.ts';
import type { TenantSettings } from '../../shared/tenant.ts';
import type { Text } from '../../shared/text.ts';
import { toWebhook } from '../../shared/webhook-event.ts';
import type { AddressGuard } from '../../shared/webhooks/address-guard.ts';
import { requireModel } from '../auth/authorize.ts';
import { findVersion } from '../auth/find-version.ts';
import { bodyOf, jobOf } from './replay.ts';
import { tenantBound, type TenantBound, type TenantBoundParts } from './tenant-bound.ts';
import { reserveBudget, type BudgetParts } from './budget.ts';
import { admittedJob, type Admitted } from './admitted-job.ts';
import type { InTurn } from '../http/turns.ts';
import { fullError, secondsToDrain } from '../http/retry-after.ts';

export interface SubmitParts extends TenantBoundParts, BudgetParts {
  registry: Registry;
  store: JobStore;
  texts: Texts;
  queue: WorkQueue;
  outbox: Outbox;
  notices: NoticeQueue;
  idempotency: IdempotencyKeys;
  guard: AddressGuard;
  settingsOf: (tenant: string) => Promise<TenantSettings>;
  events: Events;
  tracing: Tracing;
  random: () => number;
}

export interface SubmitRequest {
  principal: Principal;
  settings: TenantSettings;
  inTurn: InTurn;
  requestId: string;
  traceparent: string | undefined;
  idempotencyKey: string | undefined;
  request: JobRequest;
  /** The replica that is to be woken when the job ends. */
  waiter: string | undefined;
}

/** Checks a request, admits it once, and hands it to the workers. Answers the job as it now is. */
export async function submitJob(parts: SubmitParts, submit: SubmitRequest): Promise<StoredJob> {
  const { principal, settings, request, inTurn } = submit;
  const begun = performance.now();
  const model = requireModel(
    principal,
    'jobs:write',
    request.model,
    modelFor(parts, submit),
    settings.models,
  );
  const trace = parts.tracing.step(submit.traceparent);
  const spec = toSpec(parts.guard, { ...submit, traceparent: trace?.own ?? submit.traceparent });
  const claim = await digestKey(submit);
  await inTurn(() => checkInput(model, request.input));
  const fresh = newJobId(model.code, Date.now(), pooledRandomBytes(16));
  const id = claim
    ? jobOf(await parts.idempotency.claim(principal.tenant, claim.key, fresh, claim.body))
    : fresh;
  const bound = await tenantBound(parts, principal.tenant, settings, model);
  const input = await parts.texts.keep(id, await inTurn(() => JSON.stringify(request.input)));
  const key = () =>
    spec.mode === 'bypass' ? undefined : cacheKey(model.spec, principal.tenant, request.input);
  const purchase = { tenant: principal.tenant, settings, model: model.spec, reservation: `${id}~0` };
  const hold = await reserveBudget(parts, purchase);
  const admission = await parts.store.admit({
    id,
    tenant: principal.tenant,
    model: model.spec,
    spec,
    input,
    cacheKey: await inTurn(key),
    mostOfTenant: bound.most,
    waiter: submit.waiter,
    handOver: true,
    price: hold.refusal ? { onlyCached: true } : hold.price,
  });
  // Where the API dies before this, the reservation is found to have no job.
  await (admission.kind === 'queued' || admission.kind === 'joined' ? hold.keep() : hold.release());
  if (admission.kind !== 'queued') await discard(parts, input);
  if (admission.kind === 'not cached') throw hold.refusal;
  const admitted = { id, tenant: principal.tenant, model, spec, trace, begun };
  return conclude(parts, admitted, admission, bound);
}

/** Another job's data serve, or there was no room. What cannot be taken away now, the collector finds. */
async function discard({ texts, events }: SubmitParts, input: Text): Promise<void> {
  await texts.discard(input).catch((error: unknown) => events.emit('blobs.failed', { error }));
}

/** Before the schema's defaults are put in: what the client sent is what must be the same. */
async function digestKey({ idempotencyKey: key, request, inTurn }: SubmitRequest) {
  return key === undefined ? undefined : { key, body: await inTurn(() => bodyOf(request)) };
}

/** Of the versions that the client may use, one by chance in their shares of the traffic; it may have pinned one. */
function modelFor(
  { registry, random }: SubmitParts,
  { principal, settings, request }: SubmitRequest,
): Model | undefined {
  const asked = {
    principal,
    scope: 'jobs:write' as const,
    name: request.model,
    tenantModels: settings.models,
  };
  return findVersion(registry, asked, (versions) => chooseVersion(versions, random()));
}

function checkInput(model: Model, input: unknown): void {
  const faults = model
    .checkInput(input)
    .map(({ pointer, detail }) => ({ pointer: `/input${pointer}`, detail }));
  if (faults.length === 0) return;
  const sentence = faults.map(({ pointer, detail }) => `${pointer} ${detail}`).join('; ');
  throw new InferqError('invalid_input', `The input does not fit ${model.spec.name}: ${sentence}.`, {
    errors: faults,
  });
}

function toSpec(
  guard: AddressGuard,
  { principal, settings, request, requestId, traceparent }: SubmitRequest,
): JobSpec {
  const webhook = request.webhook === undefined ? undefined : toWebhook(request.webhook);
  const refusal = webhook && guard.checkUrl(webhook.url);
  if (refusal)
    throw new InferqError('invalid_request', refusal, { errors: [{ pointer: '/webhook', detail: refusal }] });
  const { ttl, delay, timeout, metadata } = request;
  return {
    mode: request.cache ?? 'use',
    priority: request.priority ?? 'normal',
    subject: principal.subject,
    request_id: requestId,
    weight: settings.weight,
    ...(webhook ? { webhook } : {}),
    ...(ttl === undefined ? {} : { ttl }),
    ...(delay === undefined ? {} : { delay }),
    ...(timeout === undefined ? {} : { timeout }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(traceparent === undefined ? {} : { traceparent }),
  };
}

async function conclude(
  parts: SubmitParts,
  admitted: Admitted & { trace: Place | undefined; begun: number },
  admission: Exclude<Admission, { kind: 'not cached' }>,
  bound: TenantBound,
): Promise<StoredJob> {
  const { id, model, spec } = admitted;
  switch (admission.kind) {
    case 'exists': {
      const job = await parts.store.read(id);
      if (!job) throw new InferqError('internal', 'The job of this Idempotency-Key is gone: use a new key.');
      return job;
    }
    case 'full':
      throw fullError(admission, model.spec.name, bound);
    case 'late':
      throw new InferqError(
        'ttl_unreachable',
        `${admission.position - 1} jobs are before it, more than can start within its ttl of ${spec.ttl} s.`,
        { retryAfter: secondsToDrain(admission.position, admission.rate) },
      );
    case 'queued':
      if (!admission.handedOver) await handOver(parts, id, admission.priority, spec);
      break;
    case 'hit':
      if (spec.webhook) await parts.outbox.send(id).catch((error) => tellTrouble(parts, 'outbox', error));
      break;
    case 'joined':
      await tellStarted(parts, id, admission, spec);
      break;
  }
  const { kind } = admission;
  parts.events.emit('job.admitted', {
    jobId: id,
    model: model.spec.name,
    version: model.spec.version,
    tenant: admitted.tenant,
    kind,
    requestId: spec.request_id,
    milliseconds: performance.now() - admitted.begun,
    ...(admitted.trace ? { trace: await withRun(parts, admitted.trace, admission) } : {}),
  });
  const job = admittedJob(admitted, admission);
  // Its place is that of the run it joined.
  return kind === 'joined' && job.status === 'queued' ? ((await parts.store.read(id)) ?? job) : job;
}

/** Whoever joins a run links to the job that it was made for. */
async function withRun(
  parts: SubmitParts,
  trace: Place,
  admission: Exclude<Admission, { kind: 'not cached' }>,
): Promise<Place> {
  if (admission.kind !== 'joined') return trace;
  const owner = await parts.store
    .read(ownerOfRun(admission.run))
    .catch((error: unknown) => tellTrouble(parts, 'reading the run of a job', error));
  return owner?.spec.traceparent ? { ...trace, links: [owner.spec.traceparent] } : trace;
}

/** The job is kept already: where BullMQ can't be told now, the sweeper tells it. */
async function handOver(
  parts: SubmitParts,
  id: string,
  priority: number,
  { delay = 0 }: JobSpec,
): Promise<void> {
  await parts.queue
    .add(id, { priority, delayMs: Math.round(delay * 1000) })
    .catch((error: unknown) => tellTrouble(parts, 'handing a job to BullMQ', error));
}

/** Whoever joins a run that is under way starts with it: no worker will tell. */
async function tellStarted(
  parts: SubmitParts,
  jobId: string,
  { status, createdAt }: Extract<Admission, { kind: 'joined' }>,
  { webhook }: JobSpec,
): Promise<void> {
  if (status !== 'running' || !webhook?.events.includes('started')) return;
  await parts.notices
    .add({ jobId, event: 'started', at: createdAt })
    .catch((error: unknown) => tellTrouble(parts, 'telling of a job', error));
}

function tellTrouble({ events }: SubmitParts, where: string, error: unknown): void {
  events.emit('redis.failed', { where, error });
}
