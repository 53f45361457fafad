import { cloneElement, type VNode } from 'preact';
import { useId } from 'preact/hooks';

export interface FieldProps {
  label: string;
  hint?: string | undefined;
  fault?: string | undefined;
  isRequired?: boolean;
  /** The input itself: it gets its id and what describes it. */
  children: VNode<object>;
}

/** A label, an input, and what is wrong with it. */
export function Field({ label, hint, fault, isRequired = false, children }: FieldProps) {
  const id = useId();
  const described = [hint === undefined ? '' : `${id}-hint`, fault === undefined ? '' : `${id}-fault`];
  return (
    <div class="field">
      <label for={id}>
        {label}
        {isRequired && <span class="muted"> required</span>}
      </label>
      {cloneElement(children, {
        id,
        'aria-describedby': described.join(' ').trim() || undefined,
        'aria-invalid': fault === undefined ? undefined : 'true',
      })}
      {hint !== undefined && (
        <p id={`${id}-hint`} class="hint">
          {hint}
        </p>
      )}
      {fault !== undefined && (
        <p id={`${id}-fault`} class="hint bad">
          {fault}
        </p>
      )}
    </div>
  );
}
