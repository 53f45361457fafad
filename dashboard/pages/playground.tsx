import { useEffect, useState } from 'preact/hooks';
import { useSearch } from 'wouter-preact';
import type { Job } from '../../shared/job.ts';
import type { ModelView, Page } from '../api/bodies.ts';
import { ApiFault, call, sayFault } from '../api/client.ts';
import { useResource } from '../api/resource.ts';
import { Empty, FaultNote } from '../parts/empty.tsx';
import { Field } from '../parts/field.tsx';
import { PlaygroundResult } from './playground-result.tsx';
import { exampleOf, propertiesOf, SchemaForm, startOf } from './schema-form.tsx';
import { SnippetCard } from './snippet-card.tsx';

/** What is typed: as a form where the schema allows one, or as JSON. */
interface Draft {
  value: Record<string, unknown>;
  json: string;
  isJson: boolean;
  priority: string;
  cache: string;
}

const fullName = ({ name, version }: ModelView): string => `${name}@${version}`;

/** Try a model: a form made from what it takes, the answer as it comes, and how a program would ask. */
export function PlaygroundPage() {
  const query = new URLSearchParams(useSearch());
  const { data, fault } = useResource<Page<ModelView>>('/models');
  const template = useTemplate(query.get('job'));
  const [chosen, setChosen] = useState(query.get('model') ?? '');
  const models = data?.data ?? [];
  const wanted = chosen || (template ? `${template.model}@${template.version}` : '');
  const model = models.find((each) => fullName(each) === wanted || each.name === wanted) ?? models[0];
  const isWaiting = query.get('job') !== null && template === undefined;
  return (
    <>
      <header class="page">
        <h1>Playground</h1>
      </header>
      <FaultNote fault={fault} />
      {data && !model && (
        <Empty
          icon="playground"
          title="No model that you may use"
          command="npx inferq models add my-model.yaml"
        />
      )}
      {model && !isWaiting && (
        <Bench
          key={`${fullName(model)} ${template?.id ?? ''}`}
          model={model}
          names={models.map(fullName)}
          onModel={setChosen}
          template={chosen === '' ? template?.input : undefined}
        />
      )}
    </>
  );
}

/** A job whose input is to be tried again; null where it cannot be read. */
function useTemplate(id: string | null): Job | null | undefined {
  const [job, setJob] = useState<Job | null>();
  useEffect(() => {
    if (id === null) return;
    call<Job>(`/jobs/${encodeURIComponent(id)}?include=input`).then(setJob, () => setJob(null));
  }, [id]);
  return job;
}

interface BenchProps {
  model: ModelView;
  names: string[];
  onModel: (name: string) => void;
  template: unknown;
}

function Bench({ model, names, onModel, template }: BenchProps) {
  const hasForm = (propertiesOf(model.input_schema)?.length ?? 0) > 0;
  const [draft, setDraft] = useState<Draft>(() => startDraft(model, hasForm, template));
  const [job, setJob] = useState<string>();
  const [fault, setFault] = useState<unknown>();
  const [isSending, setSending] = useState(false);
  const set = (part: Partial<Draft>): void => setDraft((before) => ({ ...before, ...part }));
  const body = bodyOf(model, draft);

  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setSending(true);
    setFault(undefined);
    try {
      const input: unknown = draft.isJson ? JSON.parse(draft.json) : draft.value;
      setJob((await call<Job>('/jobs', { method: 'POST', json: { ...body, input } })).id);
    } catch (error) {
      setFault(error);
    } finally {
      setSending(false);
    }
  };
  const faults = new Map(
    fault instanceof ApiFault ? fault.errors.map(({ pointer, detail }) => [pointer, detail]) : [],
  );

  return (
    <div class="columns bench">
      <form class="card" onSubmit={(event) => void submit(event)}>
        <header>
          <h2>Request</h2>
          {hasForm && (
            <span class="segments actions" role="group" aria-label="How to write the input">
              <button type="button" aria-pressed={!draft.isJson} onClick={() => set({ isJson: false })}>
                Form
              </button>
              <button
                type="button"
                aria-pressed={draft.isJson}
                onClick={() => set({ isJson: true, json: JSON.stringify(draft.value, null, 2) })}
              >
                JSON
              </button>
            </span>
          )}
        </header>
        <div class="body">
          <Field label="Model" hint={model.description ?? undefined}>
            <select value={fullName(model)} onChange={(event) => onModel(event.currentTarget.value)}>
              {names.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </Field>
          {draft.isJson ? (
            <Field label="Input" fault={faults.get('')}>
              <textarea
                class="code"
                rows={10}
                value={draft.json}
                onInput={(event) => set({ json: event.currentTarget.value })}
              />
            </Field>
          ) : (
            <SchemaForm
              schema={model.input_schema}
              value={draft.value}
              onValue={(value) => set({ value })}
              faults={faults}
            />
          )}
          <div class="row">
            <Field label="Priority">
              <select
                value={draft.priority}
                onChange={(event) => set({ priority: event.currentTarget.value })}
              >
                <option>high</option>
                <option>normal</option>
                <option>low</option>
              </select>
            </Field>
            <Field label="Cache">
              <select value={draft.cache} onChange={(event) => set({ cache: event.currentTarget.value })}>
                <option>use</option>
                <option>refresh</option>
                <option>bypass</option>
              </select>
            </Field>
          </div>
          <FaultNote fault={fault === undefined ? undefined : sayFault(fault)} />
          <div class="actions">
            <button type="submit" class="primary" disabled={isSending}>
              Submit the job
            </button>
          </div>
        </div>
      </form>
      <div class="stack">
        <PlaygroundResult id={job} />
        <SnippetCard body={body} />
      </div>
    </div>
  );
}

function startDraft({ input_schema: schema }: ModelView, hasForm: boolean, template: unknown): Draft {
  const given = template ?? exampleOf(schema);
  const isObject = typeof given === 'object' && given !== null && !Array.isArray(given);
  const value = isObject ? Object.fromEntries(Object.entries(given)) : startOf(schema);
  const json = JSON.stringify(given ?? value, null, 2);
  const isJson = !hasForm || (given !== undefined && !isObject);
  return { value, json, isJson, priority: 'normal', cache: 'use' };
}

/** What is posted: what has its default is left out. */
function bodyOf(model: ModelView, { value, json, isJson, priority, cache }: Draft): Record<string, unknown> {
  return {
    model: fullName(model),
    input: isJson ? readJson(json) : value,
    ...(priority === 'normal' ? {} : { priority }),
    ...(cache === 'use' ? {} : { cache }),
  };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
