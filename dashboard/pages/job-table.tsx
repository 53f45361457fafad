import { useEffect, useRef, useState } from 'preact/hooks';
import { Link, useLocation } from 'wouter-preact';
import type { JobLine } from '../api/bodies.ts';
import { Empty } from '../parts/empty.tsx';
import { ago, duration, shortId } from '../parts/format.ts';
import { useShortcuts } from '../parts/shortcuts.tsx';
import { StatusBadge } from '../parts/status.tsx';
import { useVirtualRows } from '../parts/virtual-rows.ts';
import { tenantPath, writeFilter, type JobFilter } from './job-filter.tsx';
import type { JobList, Seen } from './job-list.ts';

const ROW = 44;
const HEAD = 34;
/** The next page is read when so many rows are left. */
const AHEAD = 150;

export interface JobTableProps {
  list: JobList;
  filter: JobFilter;
  selected: ReadonlySet<string>;
  onSelected: (selected: ReadonlySet<string>) => void;
  onSeen: (seen: Seen) => void;
}

/** The list itself, of which only what can be seen is drawn. */
export function JobTable({ list, filter, selected, onSelected, onSeen }: JobTableProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const { lines } = list;
  const [cursor, setCursor] = useState(-1);
  const [, go] = useLocation();
  const rows = useVirtualRows(scroller, { count: lines.length, height: ROW, padding: HEAD });
  const last = rows.items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (list.hasMore && lines.length > 0 && last > lines.length - AHEAD) list.more();
    const ids = rows.items.map(({ index }) => lines[index]?.id ?? '');
    onSeen({ isAtTop: (scroller.current?.scrollTop ?? 0) < ROW, ids });
  });

  const hrefOf = ({ id }: JobLine): string => `${tenantPath(filter.tenant)}/jobs/${id}`;
  const toggle = (id: string): void => {
    const next = new Set(selected);
    if (!next.delete(id)) next.add(id);
    onSelected(next);
  };
  const move = (by: number): void => {
    const next = Math.max(0, Math.min(lines.length - 1, cursor + by));
    setCursor(next);
    rows.show(next);
  };
  const at = (act: (line: JobLine) => void) => (): void => {
    const line = lines[cursor];
    if (line) act(line);
  };
  useShortcuts({
    j: () => move(1),
    k: () => move(-1),
    x: at(({ id }) => toggle(id)),
    ...(cursor >= 0 && isFree() ? { Enter: at((line) => go(hrefOf(line))) } : {}),
  });

  if (lines.length === 0)
    return list.readAt === undefined ? (
      <div class="table" aria-busy={list.fault === undefined} />
    ) : (
      <NoJobs filter={filter} />
    );
  const isAll = selected.size >= lines.length;
  const now = Date.now();
  return (
    <div
      class="table"
      ref={scroller}
      tabIndex={0}
      role="table"
      aria-label="Jobs"
      aria-rowcount={list.hasMore ? -1 : lines.length + 1}
    >
      <div role="rowgroup" class="head">
        <div role="row" class="line" aria-rowindex={1}>
          <span role="columnheader">
            <input
              type="checkbox"
              aria-label="Select all that are loaded"
              checked={isAll}
              onChange={() => onSelected(isAll ? new Set() : new Set(lines.map(({ id }) => id)))}
            />
          </span>
          {['Job', 'Status', 'Model', 'Labels', 'Waited', 'Ran', 'Created'].map((name) => (
            <span key={name} role="columnheader">
              {name}
            </span>
          ))}
        </div>
      </div>
      <div role="rowgroup" class="lines" style={{ height: rows.total }}>
        {rows.items.map(({ index, start }) => {
          const line = lines[index];
          if (!line) return null;
          return (
            <Line
              key={line.id}
              line={line}
              index={index}
              start={start}
              now={now}
              href={hrefOf(line)}
              isCurrent={index === cursor}
              isSelected={selected.has(line.id)}
              onToggle={() => toggle(line.id)}
            />
          );
        })}
      </div>
    </div>
  );
}

/** Enter is for what has the focus, where that is something to press. */
function isFree(): boolean {
  return !document.activeElement?.matches('a, button, input, select, textarea, summary');
}

interface LineProps {
  line: JobLine;
  index: number;
  start: number;
  now: number;
  href: string;
  isCurrent: boolean;
  isSelected: boolean;
  onToggle: () => void;
}

function Line({ line, index, start, now, href, isCurrent, isSelected, onToggle }: LineProps) {
  const { id, status, model, version, metadata, error, metrics } = line;
  return (
    <div
      role="row"
      class={isCurrent ? 'line current' : 'line'}
      aria-rowindex={index + 2}
      style={{ transform: `translateY(${start}px)` }}
    >
      <span role="cell">
        <input type="checkbox" aria-label={`Select ${id}`} checked={isSelected} onChange={onToggle} />
      </span>
      <span role="cell" class="mono">
        <Link href={href} title={id}>
          {shortId(id)}
        </Link>
      </span>
      <span role="cell">
        <StatusBadge status={status} />
        {error && <span class="reason">{error.error_type}</span>}
      </span>
      <span role="cell">
        {model}
        <span class="muted">@{version}</span>
      </span>
      <span role="cell" class="labels">
        {Object.entries(metadata).map(([key, value]) => (
          <span key={key} class="label">
            {key}={value}
          </span>
        ))}
        {line.cache !== 'miss' && line.cache !== 'bypass' && <span class="label cached">{line.cache}</span>}
      </span>
      <span role="cell">{duration(metrics.queue_time)}</span>
      <span role="cell">{duration(metrics.run_time)}</span>
      <span role="cell" class="muted" title={line.created_at}>
        {ago(line.created_at, now)}
      </span>
    </div>
  );
}

function NoJobs({ filter }: { filter: JobFilter }) {
  if (writeFilter(filter) !== '') return <Empty icon="search" title="No job fits this filter" />;
  return (
    <Empty icon="jobs" title="No jobs yet" command="npx inferq submit language-id -i text='Guten Morgen'">
      Submit the first one here, or in the <Link href="/playground">playground</Link>.
    </Empty>
  );
}
