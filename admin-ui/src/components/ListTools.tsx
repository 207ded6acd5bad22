import { ChevronRight, ChevronsLeft } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { Button } from './Button';
import type { ListSearch } from './listing';

/** Asks the server when typing pauses. */
export function Filter({ label, value, change }: { label: string; value: string; change: (q?: string) => void }) {
  const [text, setText] = useState(value);
  const told = useRef(value);
  const latest = useRef(change);
  useEffect(() => {
    latest.current = change;
  });
  useEffect(() => {
    if (text.trim() === told.current) return;
    const later = window.setTimeout(() => {
      told.current = text.trim();
      latest.current(told.current || undefined);
    }, 200);
    return () => window.clearTimeout(later);
  }, [text]);
  return (
    <input
      className="input filter"
      type="search"
      placeholder={label}
      aria-label={label}
      value={text}
      onChange={(event) => setText(event.target.value)}
    />
  );
}

interface PagesProps {
  rows: { data: { has_more: boolean; last_id?: string | null } | undefined };
  search: ListSearch;
  change: (search: ListSearch) => void;
}

/** Leads through a list that the server pages; nothing where one page holds it all. */
export function Pages({ rows, search, change }: PagesProps) {
  const last = rows.data?.last_id;
  if (search.after === undefined && !rows.data?.has_more) return null;
  return (
    <footer className="pages">
      <Button small disabled={search.after === undefined} onClick={() => change({ ...search, after: undefined })}>
        <ChevronsLeft aria-hidden /> First page
      </Button>
      <Button
        small
        disabled={!rows.data?.has_more || !last}
        onClick={() => change({ ...search, after: last ?? undefined })}
      >
        Next page <ChevronRight aria-hidden />
      </Button>
    </footer>
  );
}
