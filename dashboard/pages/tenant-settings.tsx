import { useState } from 'preact/hooks';
import type { TenantSettings } from '../../shared/tenant.ts';
import type { Tenant } from '../api/bodies.ts';
import { call } from '../api/client.ts';
import { Field } from '../parts/field.tsx';
import { count } from '../parts/format.ts';
import { attempt } from '../parts/toast.tsx';

export function sayRate(rate: TenantSettings['rate']): string {
  return rate === null ? 'no limit' : `${count(rate.limit)} in ${rate.window} s`;
}

export function sayBudget(budget: TenantSettings['budget']): string {
  if (budget === null) return 'no limit';
  return typeof budget === 'number' ? `${count(budget)} in all` : `${count(budget.limit)} a ${budget.period}`;
}

/** As a form holds it: an empty text is no limit. */
interface Draft {
  limit: string;
  window: string;
  maxQueued: string;
  weight: string;
  budget: string;
  period: string;
  models: string;
}

/** What an admin settles for a tenant. */
export function TenantSettingsForm({ tenant, onChange }: { tenant: Tenant; onChange: () => Promise<void> }) {
  const [draft, setDraft] = useState(() => draftOf(tenant));
  const input = (name: keyof Draft) => ({
    value: draft[name],
    onInput: (event: { currentTarget: { value: string } }) =>
      setDraft({ ...draft, [name]: event.currentTarget.value }),
  });
  const save = async (event: Event): Promise<void> => {
    event.preventDefault();
    const json = settingsOf(draft);
    await attempt(
      () => call(`/tenants/${tenant.id}`, { method: 'PUT', json }),
      'In force within two seconds.',
    );
    await onChange();
  };
  return (
    <section class="card" aria-labelledby="settings-heading">
      <h2 id="settings-heading">Settings</h2>
      <form class="body" onSubmit={(event) => void save(event)}>
        <div class="row">
          <Field label="Submissions" hint="Empty: no limit">
            <input type="number" min="1" {...input('limit')} />
          </Field>
          <Field label="In seconds">
            <input type="number" min="1" {...input('window')} />
          </Field>
          <Field label="Jobs that may wait" hint="Empty: any number">
            <input type="number" min="1" {...input('maxQueued')} />
          </Field>
          <Field label="Weight" hint="Its share beside others">
            <input type="number" step="any" {...input('weight')} />
          </Field>
        </div>
        <div class="row">
          <Field label="Budget" hint="Units of cost; empty: no limit">
            <input type="number" min="0" step="any" {...input('budget')} />
          </Field>
          <Field label="Budget is for">
            <select
              value={draft.period}
              onChange={(event) => setDraft({ ...draft, period: event.currentTarget.value })}
            >
              <option value="">all time</option>
              <option>day</option>
              <option>month</option>
            </select>
          </Field>
          <Field label="Models" hint="Names with commas; * is a wildcard">
            <input {...input('models')} />
          </Field>
        </div>
        <div class="actions">
          <button type="submit" class="primary">
            Save
          </button>
        </div>
      </form>
    </section>
  );
}

function draftOf({ rate, max_queued: most, weight, budget, models }: Tenant): Draft {
  const limit = typeof budget === 'object' ? budget?.limit : budget;
  return {
    limit: textOf(rate?.limit),
    window: textOf(rate?.window ?? 60),
    maxQueued: textOf(most),
    weight: textOf(weight),
    budget: textOf(limit),
    period: typeof budget === 'object' && budget !== null ? budget.period : '',
    models: models.join(', '),
  };
}

function settingsOf({ limit, window, maxQueued, weight, budget, period, models }: Draft): object {
  return {
    rate: limit === '' ? null : { limit: Number(limit), window: Number(window) },
    max_queued: maxQueued === '' ? null : Number(maxQueued),
    ...(weight === '' ? {} : { weight: Number(weight) }),
    budget: budget === '' ? null : period === '' ? Number(budget) : { limit: Number(budget), period },
    models: namesIn(models),
  };
}

/** Of models, as a person lists them: `language-id, ocr*`. */
export function namesIn(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  return names.filter((name) => name !== '');
}

function textOf(value: number | null | undefined): string {
  return value === null || value === undefined ? '' : String(value);
}
