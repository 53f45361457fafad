import { useEffect, useState } from 'preact/hooks';
import { sayFault } from '../api/client.ts';

interface Toast {
  text: string;
  isFault: boolean;
}

const SHOWN_MS = 6000;
const listeners = new Set<(toast: Toast) => void>();

export function say(text: string, isFault = false): void {
  for (const listener of listeners) listener({ text, isFault });
}

/** Does what a button asks for; what goes wrong is said. Answers whether it went well. */
export async function attempt(act: () => Promise<unknown>, done?: string): Promise<boolean> {
  try {
    await act();
    if (done !== undefined) say(done);
    return true;
  } catch (error) {
    say(sayFault(error), true);
    return false;
  }
}

/** What was said last, in a corner; a screen reader hears it. */
export function Toasts() {
  const [toast, setToast] = useState<Toast>();
  useEffect(() => {
    listeners.add(setToast);
    return () => void listeners.delete(setToast);
  }, []);
  useEffect(() => {
    if (!toast) return undefined;
    const timer = setTimeout(() => setToast(undefined), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [toast]);
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toast && <p class={toast.isFault ? 'toast bad' : 'toast'}>{toast.text}</p>}
    </div>
  );
}
