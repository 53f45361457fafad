import { isRecord } from './json.ts';
import { textOf } from './records.ts';
import { formatTable } from './table.ts';
import { plain, type Screen } from './terminal.ts';

/** The settings of a tenant for a person, in their order. */
export function formatSettings(tenant: Record<string, unknown>): Record<string, string> {
  const { rate, budget, models } = tenant;
  const each = isRecord(budget) ? ` a ${textOf(budget, 'period')}` : '';
  return {
    tenant: textOf(tenant, 'id'),
    rate: isRecord(rate) ? `${textOf(rate, 'limit')} in ${textOf(rate, 'window')} s` : '–',
    'max queued': textOf(tenant, 'max_queued'),
    weight: textOf(tenant, 'weight'),
    budget: isRecord(budget) ? textOf(budget, 'limit') + each : textOf(tenant, 'budget'),
    models: Array.isArray(models) ? plain(models.join(', ')) : '–',
  };
}

const COLUMNS = ['day', 'model', 'jobs', 'succeeded', 'failed', 'cached', 'cost'];

export function formatUsage(rows: readonly Record<string, unknown>[], screen: Screen): string {
  const headings = COLUMNS.map((name) => name.toUpperCase());
  return formatTable(
    headings,
    rows.map((row) => COLUMNS.map((name) => textOf(row, name))),
    screen,
  );
}
