import { CircleAlert, CircleCheck, Info, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { ApiError } from '../api/client';
import { Button } from './Button';

type Tone = 'plain' | 'good' | 'look' | 'bad';

const icons = { plain: Info, good: CircleCheck, look: TriangleAlert, bad: CircleAlert };

export function Note({ tone = 'plain', children }: { tone?: Tone; children: ReactNode }) {
  const Icon = icons[tone];
  return (
    <div className={`note ${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
      <Icon aria-hidden />
      <div className="grow">{children}</div>
    </div>
  );
}

/** What happened, then what to do. */
export function ErrorNote({ error, retry }: { error: unknown; retry?: () => void }) {
  const message = error instanceof Error ? error.message : String(error);
  const advice = error instanceof ApiError ? adviceFor(error) : '';
  return (
    <Note tone="bad">
      <p>
        {message} {advice}
      </p>
      {retry ? (
        <Button small onClick={retry} style={{ marginTop: 8 }}>
          Try again
        </Button>
      ) : null}
    </Note>
  );
}

function adviceFor(error: ApiError): string {
  switch (error.code) {
    case 'insufficient_scope':
      return 'Sign in with a key that has this scope, or ask who administers this server.';
    case 'database_unavailable':
      return 'The server goes on by itself once the database is back.';
    case 'rate_limit_exceeded':
    case 'server_busy':
      return 'Wait a moment and try again.';
    case 'insufficient_quota':
      return 'The budget is spent; its limit is set under Tenants.';
    default:
      return '';
  }
}

export function Skeleton({ height = 16, width = '100%' }: { height?: number; width?: number | string }) {
  return <div className="skeleton" style={{ height, width }} aria-hidden />;
}

/** Rows in the shape of the table that comes. */
export function SkeletonRows({ rows = 4, what }: { rows?: number; what: string }) {
  return (
    <div className="stack tight" style={{ padding: 16 }} role="status">
      <span className="visually-hidden">Loading {what}</span>
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} height={20} width={`${94 - ((row * 17) % 30)}%`} />
      ))}
    </div>
  );
}

export function Empty({ icon, title, children }: { icon: ReactNode; title: string; children: ReactNode }) {
  return (
    <div className="empty">
      {icon}
      <h2>{title}</h2>
      {children}
    </div>
  );
}
