import { useEffect, useState } from 'preact/hooks';
import { Icon } from './icon.tsx';

const SAID_MS = 1600;

export interface CopyProps {
  text: string | (() => string);
  /** What is copied, for who cannot see it. */
  label: string;
  children?: preact.ComponentChildren;
}

export function CopyButton({ text, label, children }: CopyProps) {
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return undefined;
    const timer = setTimeout(() => setCopied(false), SAID_MS);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(typeof text === 'string' ? text : text());
    setCopied(true);
  };
  return (
    <button
      type="button"
      class={children ? '' : 'quiet square'}
      aria-label={isCopied ? `${label}: copied` : label}
      title={label}
      onClick={() => void copy()}
    >
      <Icon name={isCopied ? 'check' : 'copy'} />
      {children}
    </button>
  );
}

/** A command to type, with a button that copies it. */
export function Command({ children }: { children: string }) {
  return (
    <span class="command">
      <code>{children}</code>
      <CopyButton text={children} label="Copy the command" />
    </span>
  );
}
