export { createClient, type Client, type ClientOptions, type JobWith, type SubmitOptions } from './client.ts';
export { ApiError, ConnectionError, InferqError, JobError, WebhookError } from './errors.ts';
export type { FollowOptions } from './follow-job.ts';
export type { JobEvent } from './job-events.ts';
export type { JobFilter, Options } from './jobs.ts';
export { verifyWebhook, type Message, type Verification, type WebhookEvent } from './verify-webhook.ts';
export type * from './schema.ts';
