import { Command } from './copy.tsx';
import { Icon, type IconName } from './icon.tsx';

export interface EmptyProps {
  icon?: IconName;
  title: string;
  children?: preact.ComponentChildren;
  /** What to type next. */
  command?: string;
}

/** Nothing is here yet; and what to do about it. */
export function Empty({ icon = 'inbox', title, children, command }: EmptyProps) {
  return (
    <div class="empty">
      <Icon name={icon} />
      <p class="title">{title}</p>
      {children && <p class="muted">{children}</p>}
      {command !== undefined && <Command>{command}</Command>}
    </div>
  );
}

export function FaultNote({ fault }: { fault: string | undefined }) {
  if (fault === undefined) return null;
  return (
    <p class="fault" role="alert">
      <Icon name="warning" /> {fault}
    </p>
  );
}
