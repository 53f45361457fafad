import { Link } from 'wouter-preact';
import { Empty } from '../parts/empty.tsx';

export function NotFoundPage() {
  return (
    <Empty icon="warning" title="There is no such page">
      <Link href="/">Back to the overview</Link>
    </Empty>
  );
}
