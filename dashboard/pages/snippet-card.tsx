import { useState } from 'preact/hooks';
import { CopyButton } from '../parts/copy.tsx';
import { curlSnippet, pythonSnippet, typescriptSnippet } from './snippets.ts';

const LANGUAGES = { curl: curlSnippet, TypeScript: typescriptSnippet, Python: pythonSnippet } as const;
type Language = keyof typeof LANGUAGES;
const NAMES: Language[] = ['curl', 'TypeScript', 'Python'];
const LONGEST = 400;

/** How a program would ask the same. */
export function SnippetCard({ body }: { body: unknown }) {
  const [language, setLanguage] = useState<Language>('curl');
  const write = LANGUAGES[language];
  const { origin } = location;
  return (
    <section class="card" aria-labelledby="snippet-heading">
      <header>
        <h2 id="snippet-heading">Snippet</h2>
        <span class="segments actions" role="group" aria-label="Language">
          {NAMES.map((name) => (
            <button
              key={name}
              type="button"
              aria-pressed={name === language}
              onClick={() => setLanguage(name)}
            >
              {name}
            </button>
          ))}
        </span>
        <CopyButton text={() => write({ origin, body })} label="Copy the snippet" />
      </header>
      <pre class="snippet" tabIndex={0} aria-labelledby="snippet-heading">
        {write({ origin, body: shortened(body) })}
      </pre>
    </section>
  );
}

/** What is shown of a picture; what is copied has all of it. */
function shortened(value: unknown): unknown {
  if (typeof value === 'string') return value.length > LONGEST ? `${value.slice(0, 60)}…` : value;
  if (Array.isArray(value)) return value.map(shortened);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shortened(inner)]));
}
