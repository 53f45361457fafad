import icon from '../icon.svg';
import { useState } from 'preact/hooks';
import { Command } from '../parts/copy.tsx';
import { FaultNote } from '../parts/empty.tsx';
import { Field } from '../parts/field.tsx';

export interface SignInProps {
  fault: string | undefined;
  onToken: (token: string) => void;
}

export function SignInPage({ fault, onToken }: SignInProps) {
  const [token, setToken] = useState('');
  const enter = (event: Event): void => {
    event.preventDefault();
    if (token.trim() !== '') onToken(token.trim());
  };
  return (
    <main class="sign-in">
      <form class="card" onSubmit={enter}>
        <h1>
          <img src={icon} alt="" width="32" height="32" /> inferq
        </h1>
        <FaultNote fault={fault} />
        <Field label="Token" hint="An API token (ifq_…) or a JWT. It is kept in this tab only.">
          <input
            type="password"
            autocomplete="off"
            spellcheck={false}
            autofocus
            required
            value={token}
            onInput={(event) => setToken(event.currentTarget.value)}
          />
        </Field>
        <button type="submit" class="primary">
          Sign in
        </button>
        <p class="muted">On your own machine this prints an address that signs you in:</p>
        <Command>npm start</Command>
      </form>
    </main>
  );
}
