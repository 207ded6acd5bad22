import { Link, type ErrorComponentProps } from '@tanstack/react-router';
import { Compass } from 'lucide-react';
import { Empty, ErrorNote } from '../components/Feedback';

export function RouteError({ error, reset }: ErrorComponentProps) {
  return (
    <main className="page">
      <ErrorNote error={error} retry={reset} />
    </main>
  );
}

export function NotFound() {
  return (
    <main className="page">
      <Empty icon={<Compass aria-hidden />} title="There is no such page">
        <p>
          The address may be of something that was deleted. <Link to="/">Go to the overview</Link>
        </p>
      </Empty>
    </main>
  );
}
