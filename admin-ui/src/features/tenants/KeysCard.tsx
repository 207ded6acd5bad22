import { useQuery, useQueryClient } from '@tanstack/react-query';
import { KeyRound, Plus } from 'lucide-react';
import { useMemo, useState } from 'react';
import { send } from '../../api/client';
import { keysQuery } from '../../api/queries';
import type { ApiKey } from '../../api/types';
import { Button } from '../../components/Button';
import { Confirm } from '../../components/Confirm';
import { Empty } from '../../components/Feedback';
import { ServerTable, type Column } from '../../components/ServerTable';
import { Moment } from '../../components/Small';
import { NewKey } from './NewKey';
import { RotateKey } from './RotateKey';

interface Props {
  tenant: string;
  /** The last key of the page before; in the address, as is whether one is being made. */
  after: string | undefined;
  page: (after: string | undefined) => void;
  creating: boolean;
  setCreating: (open: boolean) => void;
}

/** A tenant's keys: what each may do, when it was used, and the ways to end it. */
export function KeysCard({ tenant, after, page, creating, setCreating }: Props) {
  const keys = useQuery(keysQuery(tenant, after));
  const columns = useMemo(() => columnsOf(tenant), [tenant]);
  return (
    <section className="card" aria-labelledby="keys">
      <header>
        <h2 id="keys">API keys</h2>
        <Button small onClick={() => setCreating(true)}>
          <Plus aria-hidden /> New key
        </Button>
      </header>
      <ServerTable
        what="keys"
        columns={columns}
        rows={keys}
        rowId={(key) => key.id}
        search={{ after }}
        change={(next) => page(next.after)}
        empty={
          <Empty icon={<KeyRound aria-hidden />} title="No key yet">
            <p>A key says what its holder may do; its secret is shown once.</p>
          </Empty>
        }
      />
      {creating ? <NewKey tenant={tenant} close={() => setCreating(false)} /> : null}
    </section>
  );
}

function columnsOf(tenant: string): Column<ApiKey>[] {
  return [
    { id: 'name', header: 'Name', cell: ({ row }) => row.original.name || <span className="muted">unnamed</span> },
    { id: 'prefix', header: 'Prefix', cell: ({ row }) => <code>{row.original.prefix}…</code> },
    { id: 'may', header: 'May', cell: ({ row }) => <Scopes one={row.original} /> },
    { id: 'used', header: 'Last used', cell: ({ row }) => <When at={row.original.last_used_at} /> },
    { id: 'expires', header: 'Expires', cell: ({ row }) => <When at={row.original.expires_at} /> },
    {
      id: 'actions',
      header: () => <span className="visually-hidden">Actions</span>,
      meta: { right: true },
      cell: ({ row }) => <Actions tenant={tenant} one={row.original} />,
    },
  ];
}

function When({ at }: { at: number | null | undefined }) {
  return (
    <span className="muted">
      <Moment at={at} />
    </span>
  );
}

function Scopes({ one }: { one: ApiKey }) {
  const narrowed = [...(one.models ?? []), ...(one.stores ?? [])];
  return (
    <>
      <div className="row wrap" style={{ gap: 4 }}>
        {one.scopes.map((scope) => (
          <span key={scope} className={scope === 'admin' ? 'chip look' : 'chip'}>
            {scope}
          </span>
        ))}
      </div>
      {narrowed.length > 0 ? <p className="muted small mono">only {narrowed.join(', ')}</p> : null}
    </>
  );
}

function Actions({ tenant, one }: { tenant: string; one: ApiKey }) {
  const queries = useQueryClient();
  const [open, setOpen] = useState<'rotate' | 'revoke' | undefined>();
  return (
    <>
      <span className="row" style={{ justifyContent: 'flex-end' }}>
        <Button small onClick={() => setOpen('rotate')}>
          Rotate
        </Button>
        <Button small look="danger" onClick={() => setOpen('revoke')}>
          Revoke
        </Button>
      </span>
      {open === 'rotate' ? <RotateKey tenant={tenant} one={one} close={() => setOpen(undefined)} /> : null}
      <Confirm
        open={open === 'revoke'}
        onOpenChange={() => setOpen(undefined)}
        danger
        title={`Revoke ${one.name || one.prefix}`}
        verb="Revoke key"
        run={async () => {
          await send('DELETE', `/admin/v1/tenants/${encodeURIComponent(tenant)}/keys/${encodeURIComponent(one.id)}`);
          await queries.invalidateQueries({ queryKey: ['tenants', tenant, 'keys'] });
        }}
      >
        Whoever uses it is refused at once, and its sessions end. This can’t be undone.
      </Confirm>
    </>
  );
}
