import { Check, Copy } from 'lucide-react';
import { useState } from 'react';
import { ago, shortDigest, toDate } from '../app/format';
import { IconButton } from './Button';

/** A moment as people say it; the exact time on hover. */
export function Moment({ at }: { at: number | string | null | undefined }) {
  if (at === null || at === undefined) return <span className="muted">never</span>;
  const date = toDate(at);
  return (
    <time dateTime={date.toISOString()} title={date.toLocaleString()}>
      {ago(date)}
    </time>
  );
}

export function Digest({ value }: { value: string }) {
  return (
    <code title={value} className="muted">
      {shortDigest(value)}
    </code>
  );
}

export function CopyButton({ text, label = 'Copy' }: { text: string; label?: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    window.setTimeout(() => setCopied(false), 1500);
  };
  return (
    <IconButton label={copied ? 'Copied' : label} onClick={copy}>
      {copied ? <Check /> : <Copy />}
    </IconButton>
  );
}

export function Progress({ value, label }: { value: number; label: string }) {
  const part = Math.max(0, Math.min(100, value * 100));
  return (
    <div
      className="progress"
      role="progressbar"
      aria-label={label}
      aria-valuenow={Math.round(part)}
      aria-valuemin={0}
      aria-valuemax={100}
    >
      <div style={{ width: `${part}%` }} />
    </div>
  );
}
