export interface StatProps {
  label: string;
  value: string;
  more: string;
  isBad?: boolean;
}

/** One figure that matters. */
export function Stat({ label, value, more, isBad = false }: StatProps) {
  return (
    <div class={isBad ? 'stat bad' : 'stat'}>
      <span class="label">{label}</span>
      <span class="value">{value}</span>
      <span class="more">{more}</span>
    </div>
  );
}
