import { useState } from 'preact/hooks';
import { call } from '../api/client.ts';
import { CopyButton } from '../parts/copy.tsx';
import { Confirm } from '../parts/dialog.tsx';
import { attempt } from '../parts/toast.tsx';

/** The secret that signs: not shown until it is asked for. */
export function WebhookSecret() {
  const [secret, setSecret] = useState<string>();
  const [isAsking, setAsking] = useState(false);
  const show = async (): Promise<void> => {
    await attempt(async () => setSecret((await call<{ secret: string }>('/webhooks/secret')).secret));
  };
  const rotate = async (): Promise<void> => {
    await attempt(async () => {
      const answer = await call<{ secret: string }>('/webhooks/secret/rotate', { method: 'POST' });
      setSecret(answer.secret);
    }, 'A new secret signs; the one before does too, for 24 hours.');
  };
  return (
    <section class="card" aria-labelledby="secret-heading">
      <header>
        <h2 id="secret-heading">Signing secret</h2>
        <span class="actions">
          <button type="button" onClick={() => setAsking(true)}>
            Rotate
          </button>
        </span>
      </header>
      <div class="body">
        <p class="muted">Receivers verify the signature with it, after Standard Webhooks.</p>
        <div class="secret">
          <code>{secret ?? 'whsec_••••••••••••••••••••••••'}</code>
          {secret === undefined ? (
            <button type="button" onClick={() => void show()}>
              Reveal
            </button>
          ) : (
            <>
              <CopyButton text={secret} label="Copy the secret" />
              <button type="button" onClick={() => setSecret(undefined)}>
                Hide
              </button>
            </>
          )}
        </div>
      </div>
      {isAsking && (
        <Confirm
          title="Rotate the signing secret"
          action="Make a new one"
          onConfirm={() => void rotate()}
          onClose={() => setAsking(false)}
        >
          From now on a new secret signs. For 24 hours the one before signs as well, so that receivers can
          change.
        </Confirm>
      )}
    </section>
  );
}
