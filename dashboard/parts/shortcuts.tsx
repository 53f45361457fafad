import { useEffect, useRef } from 'preact/hooks';
import { Dialog } from './dialog.tsx';

const SEQUENCE_MS = 1000;

/**
 * Keys, or two after each other with a space between (`g j`), and what they do; not while something is written, or a
 * dialog is open.
 */
export function useShortcuts(shortcuts: Readonly<Record<string, () => void>>): void {
  const current = useRef(shortcuts);
  current.current = shortcuts;
  useEffect(() => {
    let before = { key: '', at: 0 };
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return;
      const isSoon = performance.now() - before.at < SEQUENCE_MS;
      const act = current.current[isSoon ? `${before.key} ${event.key}` : ''] ?? current.current[event.key];
      before = { key: event.key, at: performance.now() };
      if (!act) return;
      event.preventDefault();
      before.key = '';
      act();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}

function isWriting(target: EventTarget | null): boolean {
  if (document.querySelector('dialog[open]')) return true;
  return target instanceof HTMLElement && target.matches('input, textarea, select, [contenteditable]');
}

export interface ShortcutsDialogProps {
  places: readonly { name: string; key: string }[];
  onClose: () => void;
}

export function ShortcutsDialog({ places, onClose }: ShortcutsDialogProps) {
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      <dl class="keys">
        {places.map(({ name, key }) => (
          <Shortcut key={key} keys={['g', key]} does={`Go to ${name}`} />
        ))}
        <Shortcut keys={['/']} does="Filter the jobs" />
        <Shortcut keys={['j']} does="The next job of the list" />
        <Shortcut keys={['k']} does="The one before" />
        <Shortcut keys={['Enter']} does="Open it" />
        <Shortcut keys={['x']} does="Select it" />
        <Shortcut keys={['?']} does="This list" />
      </dl>
    </Dialog>
  );
}

function Shortcut({ keys, does }: { keys: string[]; does: string }) {
  return (
    <div>
      <dt>
        {keys.map((key) => (
          <kbd key={key}>{key}</kbd>
        ))}
      </dt>
      <dd>{does}</dd>
    </div>
  );
}
