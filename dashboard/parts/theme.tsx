import { useState } from 'preact/hooks';
import { Icon } from './icon.tsx';

const KEY = 'inferq.theme';
type Theme = 'light' | 'dark';

/** What was chosen, else what the system has. */
function currentTheme(): Theme {
  const chosen = localStorage.getItem(KEY);
  if (chosen === 'light' || chosen === 'dark') return chosen;
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
}

export function applyTheme(): void {
  document.documentElement.dataset['theme'] = currentTheme();
}

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', applyTheme);

export function ThemeButton() {
  const [theme, setTheme] = useState(currentTheme());
  const other: Theme = theme === 'dark' ? 'light' : 'dark';
  const change = (): void => {
    localStorage.setItem(KEY, other);
    applyTheme();
    setTheme(other);
  };
  return (
    <button type="button" class="quiet square" onClick={change} aria-label={`Use the ${other} theme`}>
      <Icon name={theme === 'dark' ? 'sun' : 'moon'} />
    </button>
  );
}
