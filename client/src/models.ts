import type { Options } from './jobs.ts';
import { pathOf } from './pages.ts';
import type { Model, ModelSpec, Redriven, RedriveRequest } from './schema.ts';
import type { Transport } from './transport.ts';

/** Models by `name`, or `name@version`; changing them takes an admin. */
export function createModels(transport: Transport) {
  const change = (name: string, verb: 'pause' | 'resume', { signal }: Options = {}) =>
    transport.ask<Model>({ method: 'POST', path: pathOf('models', name, verb), repeatable: true, signal });
  return {
    list: async ({ signal }: Options = {}) =>
      (await transport.ask<{ data: Model[] }>({ path: '/models', signal })).data,
    get: (name: string, { signal }: Options = {}) =>
      transport.ask<Model>({ path: pathOf('models', name), signal }),
    /** Adds it, or replaces its spec. */
    put: (name: string, spec: ModelSpec, { signal }: Options = {}) =>
      transport.ask<Model>({ method: 'PUT', path: pathOf('models', name), body: spec, signal }),
    /** Jobs that were accepted finish. */
    remove: (name: string, { signal }: Options = {}) =>
      transport.ask<void>({ method: 'DELETE', path: pathOf('models', name), signal }),
    /** Lets no more of its jobs start. */
    pause: (name: string, options?: Options) => change(name, 'pause', options),
    resume: (name: string, options?: Options) => change(name, 'resume', options),
    /** Runs failed jobs of it again: one's own tenant's, for admins those of all. */
    redrive: (name: string, choice: RedriveRequest = {}, { signal }: Options = {}) =>
      transport.ask<Redriven>({
        method: 'POST',
        path: pathOf('models', name, 'redrive'),
        body: choice,
        signal,
      }),
  };
}
