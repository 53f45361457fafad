import { useMay } from '../api/identity.ts';
import { Empty } from '../parts/empty.tsx';
import { JobsPage } from './jobs.tsx';
import { OverviewPage } from './overview.tsx';

/** The first page: of those that the token allows. */
export function HomePage() {
  const may = useMay();
  if (may('models:read')) return <OverviewPage />;
  if (may('jobs:read')) return <JobsPage />;
  return (
    <Empty icon="warning" title="This token shows nothing here" command="npx inferq jobs ls">
      It lacks models:read and jobs:read. An admin makes tokens with more scopes.
    </Empty>
  );
}
