import { useRef, useState } from 'preact/hooks';
import { useLocation, useSearch } from 'wouter-preact';
import { useMay } from '../api/identity.ts';
import { FaultNote } from '../parts/empty.tsx';
import { count } from '../parts/format.ts';
import { Icon } from '../parts/icon.tsx';
import { Live } from '../parts/live.tsx';
import { useShortcuts } from '../parts/shortcuts.tsx';
import { say } from '../parts/toast.tsx';
import { doToMany, type BulkAction } from './bulk.ts';
import { ErrorGroups, FilterBar, listPath, readFilter, writeFilter, type JobFilter } from './job-filter.tsx';
import { useJobList, type JobList, type Seen } from './job-list.ts';
import { JobTable } from './job-table.tsx';

/** Every job there is, however many: found, watched, canceled and tried again by the dozen. */
export function JobsPage() {
  const [, go] = useLocation();
  const filter = readFilter(useSearch());
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const seen = useRef<Seen>({ isAtTop: true, ids: [] });
  const list = useJobList(listPath(filter), () => seen.current);
  const setFilter = (next: JobFilter): void => {
    setSelected(new Set());
    go(`/jobs?${writeFilter(next)}`.replace(/\?$/, ''), { replace: true });
  };
  useShortcuts({ '/': () => document.getElementById('job-filter')?.focus() });
  return (
    <>
      <header class="page">
        <h1>Jobs</h1>
        <Live fault={list.fault} readAt={list.readAt} />
        <span class="muted" aria-live="polite">
          {loaded(list)}
        </span>
      </header>
      <FilterBar filter={filter} onFilter={setFilter} />
      <ErrorGroups filter={filter} onFilter={setFilter} />
      <FaultNote fault={list.fault} />
      <div class="card jobs">
        <Selection selected={selected} onSelected={setSelected} list={list} tenant={filter.tenant} />
        <JobTable
          list={list}
          filter={filter}
          selected={selected}
          onSelected={setSelected}
          onSeen={(what) => (seen.current = what)}
        />
      </div>
    </>
  );
}

function loaded({ lines, hasMore }: JobList): string {
  if (lines.length === 0) return '';
  return hasMore ? `newest ${count(lines.length)}, more as you scroll` : `${count(lines.length)} in all`;
}

interface SelectionProps {
  selected: ReadonlySet<string>;
  onSelected: (selected: ReadonlySet<string>) => void;
  list: JobList;
  tenant: string;
}

/** What can be done to those that are selected. It is always there, so that nothing moves. */
function Selection({ selected, onSelected, list, tenant }: SelectionProps) {
  const may = useMay();
  const [progress, setProgress] = useState<number>();
  const isBusy = progress !== undefined;
  const act = async (action: BulkAction): Promise<void> => {
    setProgress(0);
    say(await doToMany(action, [...selected], tenant, setProgress));
    setProgress(undefined);
    onSelected(new Set());
    await list.refresh();
  };
  return (
    <div class="selection">
      <span aria-live="polite">
        {isBusy
          ? `${count(progress)} of ${count(selected.size)} …`
          : selected.size > 0
            ? `${count(selected.size)} selected`
            : 'Select jobs to cancel or retry them'}
      </span>
      {list.fresh > 0 && (
        <button type="button" class="fresh" onClick={list.takeFresh}>
          {list.fresh} new
        </button>
      )}
      {may('jobs:write') && (
        <span class="actions">
          <button type="button" disabled={selected.size === 0 || isBusy} onClick={() => void act('cancel')}>
            <Icon name="cancel" /> Cancel
          </button>
          <button type="button" disabled={selected.size === 0 || isBusy} onClick={() => void act('retry')}>
            <Icon name="retry" /> Retry
          </button>
        </span>
      )}
    </div>
  );
}
