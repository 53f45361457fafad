import { useState } from 'preact/hooks';
import { SCOPES, type Scope } from '../../shared/principal.ts';
import type { ApiToken, Page } from '../api/bodies.ts';
import { call } from '../api/client.ts';
import { useResource } from '../api/resource.ts';
import { CopyButton } from '../parts/copy.tsx';
import { Confirm, Dialog } from '../parts/dialog.tsx';
import { Empty } from '../parts/empty.tsx';
import { Field } from '../parts/field.tsx';
import { ago, day } from '../parts/format.ts';
import { Icon } from '../parts/icon.tsx';
import { attempt } from '../parts/toast.tsx';
import { namesIn } from './tenant-settings.tsx';

const USUAL: Scope[] = ['jobs:write', 'jobs:read', 'models:read'];

/** The API tokens of a tenant. */
export function TokensCard({ tenant }: { tenant: string }) {
  const { data, refresh } = useResource<Page<ApiToken>>(`/tenants/${tenant}/tokens`);
  const [isMaking, setMaking] = useState(false);
  const [revoked, setRevoked] = useState<ApiToken>();
  const revoke = async ({ id, name }: ApiToken): Promise<void> => {
    await attempt(() => call(`/tokens/${id}`, { method: 'DELETE' }), `${name} is revoked.`);
    await refresh();
  };
  return (
    <section class="card" aria-labelledby="tokens-heading">
      <header>
        <h2 id="tokens-heading">Tokens</h2>
        <span class="actions">
          <button type="button" onClick={() => setMaking(true)}>
            <Icon name="plus" /> New token
          </button>
        </span>
      </header>
      {data?.data.length === 0 ? (
        <Empty icon="tenants" title="No token yet" command={`npx inferq tokens create ${tenant} --name ci`} />
      ) : (
        <TokenTable tokens={data?.data ?? []} onRevoke={setRevoked} />
      )}
      {isMaking && <NewToken tenant={tenant} onClose={() => setMaking(false)} onMade={refresh} />}
      {revoked && (
        <Confirm
          title={`Revoke ${revoked.name}`}
          action="Revoke it"
          onConfirm={() => void revoke(revoked)}
          onClose={() => setRevoked(undefined)}
        >
          Whoever uses it is refused within five seconds.
        </Confirm>
      )}
    </section>
  );
}

function TokenTable({ tokens, onRevoke }: { tokens: ApiToken[]; onRevoke: (token: ApiToken) => void }) {
  const now = Date.now();
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Begins with</th>
            <th scope="col">Scopes</th>
            <th scope="col">Models</th>
            <th scope="col">Used</th>
            <th scope="col">Expires</th>
            <th scope="col">
              <span class="visually-hidden">Revoke</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {tokens.map((token) => (
            <tr key={token.id}>
              <th scope="row">{token.name}</th>
              <td class="mono">{token.prefix}…</td>
              <td class="mono">{token.scopes.join(', ')}</td>
              <td class="mono">{token.models.join(', ')}</td>
              <td>{token.last_used_at === null ? 'never' : ago(token.last_used_at, now)}</td>
              <td>{token.expires_at === null ? 'never' : day(token.expires_at)}</td>
              <td class="number">
                <button
                  type="button"
                  class="danger"
                  onClick={() => onRevoke(token)}
                  aria-label={`Revoke ${token.name}`}
                >
                  Revoke
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface NewTokenProps {
  tenant: string;
  onClose: () => void;
  onMade: () => Promise<void>;
}

function NewToken({ tenant, onClose, onMade }: NewTokenProps) {
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<readonly Scope[]>(USUAL);
  const [models, setModels] = useState('*');
  const [expires, setExpires] = useState('');
  const [secret, setSecret] = useState<string>();
  const make = async (event: Event): Promise<void> => {
    event.preventDefault();
    await attempt(async () => {
      const made = await call<{ token: string }>(`/tenants/${tenant}/tokens`, {
        method: 'POST',
        json: { name, scopes, models: namesIn(models), expires_at: timeOf(expires) },
      });
      setSecret(made.token);
      await onMade();
    });
  };
  const toggle = (scope: Scope): void =>
    setScopes(scopes.includes(scope) ? scopes.filter((each) => each !== scope) : [...scopes, scope]);
  if (secret !== undefined)
    return (
      <Dialog title="The new token" onClose={onClose}>
        <p>It is shown this once: only a hash of it is kept.</p>
        <p class="secret">
          <code>{secret}</code> <CopyButton text={secret} label="Copy the token" />
        </p>
      </Dialog>
    );
  return (
    <Dialog title={`New token of ${tenant}`} onClose={onClose}>
      <form onSubmit={(event) => void make(event)}>
        <Field label="Name" hint="For people: who uses it">
          <input
            required
            autofocus
            maxLength={100}
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </Field>
        <fieldset>
          <legend>Scopes</legend>
          {SCOPES.map((scope) => (
            <label key={scope} class="check">
              <input type="checkbox" checked={scopes.includes(scope)} onChange={() => toggle(scope)} />
              <span class="mono">{scope}</span>
            </label>
          ))}
        </fieldset>
        <Field label="Models" hint="Names with commas; * is a wildcard">
          <input required value={models} onInput={(event) => setModels(event.currentTarget.value)} />
        </Field>
        <Field label="Expires" hint="Empty: never">
          <input
            type="datetime-local"
            value={expires}
            onInput={(event) => setExpires(event.currentTarget.value)}
          />
        </Field>
        <div class="actions">
          <button type="submit" class="primary" disabled={scopes.length === 0}>
            Make it
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** What a field of date and time holds is the browser's own time. */
function timeOf(local: string): string | null {
  return local === '' ? null : new Date(local).toISOString();
}
