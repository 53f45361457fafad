import icon from './icon.svg';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Link, useLocation } from 'wouter-preact';
import type { Scope } from '../shared/principal.ts';
import { useMay, useTenant } from './api/identity.ts';
import { Icon, type IconName } from './parts/icon.tsx';
import { ShortcutsDialog, useShortcuts } from './parts/shortcuts.tsx';
import { ThemeButton } from './parts/theme.tsx';

interface Place {
  path: string;
  name: string;
  icon: IconName;
  scope: Scope;
  /** Pressed after `g`. */
  key: string;
}

const PLACES: readonly Place[] = [
  { path: '/', name: 'Overview', icon: 'overview', scope: 'models:read', key: 'o' },
  { path: '/jobs', name: 'Jobs', icon: 'jobs', scope: 'jobs:read', key: 'j' },
  { path: '/models', name: 'Models', icon: 'models', scope: 'models:read', key: 'm' },
  { path: '/playground', name: 'Playground', icon: 'playground', scope: 'jobs:write', key: 'p' },
  { path: '/webhooks', name: 'Webhooks', icon: 'webhooks', scope: 'jobs:read', key: 'w' },
  { path: '/tenants', name: 'Tenants', icon: 'tenants', scope: 'admin', key: 't' },
];

/** What is around every page: where one can go, who one is, and the way past all that to the page. */
export function Shell({
  onSignOut,
  children,
}: {
  onSignOut: () => void;
  children: preact.ComponentChildren;
}) {
  const may = useMay();
  const [path, go] = useLocation();
  const [isHelping, setHelping] = useState(false);
  const main = useRef<HTMLElement>(null);
  const places = PLACES.filter(({ scope }) => may(scope));
  useShortcuts({
    '?': () => setHelping(true),
    ...Object.fromEntries(places.map((place) => [`g ${place.key}`, () => go(place.path)])),
  });
  const isFirst = useRef(true);
  useEffect(() => {
    document.title = `${titleOf(path)} · inferq`;
    // Who moves by keyboard goes on in the new page, not at the link that led there.
    if (!isFirst.current) main.current?.focus({ preventScroll: true });
    isFirst.current = false;
  }, [path]);

  return (
    <div class="shell">
      <a class="skip" href="#main" onClick={(event) => skipTo(event, main.current)}>
        Skip to the page
      </a>
      <nav class="side" aria-label="Pages">
        <Link href="/" class="brand">
          <img src={icon} alt="" width="24" height="24" />
          inferq
        </Link>
        <ul>
          {places.map((place) => (
            <li key={place.path}>
              <Link href={place.path} aria-current={isWithin(path, place.path) ? 'page' : undefined}>
                <Icon name={place.icon} /> <span>{place.name}</span>
              </Link>
            </li>
          ))}
          <li>
            <a href="/docs">
              <Icon name="reference" /> <span>API reference</span>
            </a>
          </li>
        </ul>
        <Footer onSignOut={onSignOut} onHelp={() => setHelping(true)} />
      </nav>
      <main id="main" ref={main} tabIndex={-1}>
        {children}
      </main>
      {isHelping && <ShortcutsDialog places={places} onClose={() => setHelping(false)} />}
    </div>
  );
}

function Footer({ onSignOut, onHelp }: { onSignOut: () => void; onHelp: () => void }) {
  const tenant = useTenant();
  const may = useMay();
  return (
    <div class="who">
      <div>
        <span class="tenant">{tenant}</span>
        <span class="muted">{may('admin') ? 'admin' : 'tenant'}</span>
      </div>
      <div class="tools">
        <ThemeButton />
        <button type="button" class="quiet square" aria-label="Keyboard shortcuts" onClick={onHelp}>
          <Icon name="keyboard" />
        </button>
        <button type="button" class="quiet square" aria-label="Sign out" onClick={onSignOut}>
          <Icon name="signout" />
        </button>
      </div>
    </div>
  );
}

function skipTo(event: Event, main: HTMLElement | null): void {
  event.preventDefault();
  main?.focus();
}

function isWithin(path: string, place: string): boolean {
  return place === '/' ? path === '/' : path === place || path.startsWith(`${place}/`);
}

function titleOf(path: string): string {
  const place = PLACES.find((each) => isWithin(path, each.path));
  const rest = path.split('/')[2];
  return rest === undefined ? (place?.name ?? 'Not found') : decodeURIComponent(rest);
}
