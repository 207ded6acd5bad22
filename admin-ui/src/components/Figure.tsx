import type { ReactNode } from 'react';
import { Skeleton } from './Feedback';

interface Props {
  label: string;
  /** Undefined while it is awaited. */
  value: string | undefined;
  detail?: string;
  children?: ReactNode;
}

/** One figure with its unit, and below it what it is made of. */
export function Figure({ label, value, detail, children }: Props) {
  return (
    <section className="card figure">
      <span className="label">{label}</span>
      {value === undefined ? <Skeleton height={28} width={90} /> : <span className="value">{value}</span>}
      {detail ? <span className="muted small num">{detail}</span> : null}
      {children}
    </section>
  );
}
