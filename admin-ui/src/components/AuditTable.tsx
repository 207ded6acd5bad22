import { useQuery } from '@tanstack/react-query';
import { ScrollText } from 'lucide-react';
import { auditQuery, type AuditOf } from '../api/queries';
import type { AuditEntry } from '../api/types';
import { Empty } from './Feedback';
import type { ListSearch } from './listing';
import { ServerTable, type Column } from './ServerTable';
import { Moment } from './Small';

interface Props extends AuditOf {
  search: ListSearch;
  change: (search: ListSearch) => void;
}

/** Who did what, newest first; narrowed to a tenant or a thing where one is given. */
export function AuditTable({ tenant, object, search, change }: Props) {
  const audit = useQuery(auditQuery({ tenant, object }, search));
  return (
    <section className="card" aria-labelledby="audit">
      <header>
        <h2 id="audit">Audit</h2>
        <span className="muted small">newest first</span>
      </header>
      <ServerTable
        what="entries"
        columns={columns}
        rows={audit}
        rowId={(entry) => entry.id}
        search={search}
        change={change}
        filter="Action begins with, as key."
        empty={
          <Empty icon={<ScrollText aria-hidden />} title="Nothing yet">
            <p>Every change is written here in the same transaction that makes it.</p>
          </Empty>
        }
      />
    </section>
  );
}

const columns: Column<AuditEntry>[] = [
  {
    id: 'when',
    header: 'When',
    cell: ({ row }) => (
      <span className="muted">
        <Moment at={row.original.created_at} />
      </span>
    ),
  },
  { id: 'what', header: 'What', cell: ({ row }) => row.original.action },
  {
    id: 'on',
    header: 'On',
    cell: ({ row }) => (
      <>
        <code>{row.original.object_id}</code>
        <Details of={row.original.details} />
      </>
    ),
  },
  {
    id: 'by',
    header: 'By',
    cell: ({ row }) => <code className="muted">{row.original.actor}</code>,
  },
];

/** What the entry says besides, one line. */
function Details({ of }: { of: AuditEntry['details'] }) {
  const said = Object.entries((of ?? {}) as Record<string, unknown>).map(
    ([key, value]) => `${key.replaceAll('_', ' ')} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return said.length === 0 ? null : (
    <p className="muted small" style={{ overflowWrap: 'anywhere' }}>
      {said.join(', ')}
    </p>
  );
}
