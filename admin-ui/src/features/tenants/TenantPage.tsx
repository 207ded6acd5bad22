import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { KeyRound, Plus, Scale, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { send } from '../../api/client';
import { keysQuery, tenantQuery } from '../../api/queries';
import type { ApiKey } from '../../api/types';
import { AuditTable } from '../../components/AuditTable';
import { Button } from '../../components/Button';
import { Confirm } from '../../components/Confirm';
import { Empty, ErrorNote, SkeletonRows } from '../../components/Feedback';
import type { ListSearch } from '../../components/listing';
import { PageHead } from '../../components/PageHead';
import { Moment } from '../../components/Small';
import { toast } from '../../components/Toasts';
import { LimitsCard } from './LimitsCard';
import { NewKey } from './NewKey';
import { RotateKey } from './RotateKey';

export function TenantPage() {
  const { tenant: id } = useParams({ from: '/app/tenants/$tenant' });
  const { dialog, ...search } = useSearch({ from: '/app/tenants/$tenant' });
  const navigate = useNavigate();
  const queries = useQueryClient();
  const tenant = useQuery(tenantQuery(id));
  const [deleting, setDeleting] = useState(false);
  const name = tenant.data?.name || id;
  const go = (next: ListSearch & { dialog?: 'key' | undefined }) =>
    void navigate({ to: '/tenants/$tenant', params: { tenant: id }, search: next, resetScroll: false });
  return (
    <main className="page">
      <PageHead
        above={<Link to="/tenants">Tenants</Link>}
        title={name}
        actions={
          <>
            <Link className="button" to="/usage" search={{ view: 'advice', tenant: id }}>
              <Scale aria-hidden /> Advice
            </Link>
            <Button look="danger" onClick={() => setDeleting(true)}>
              <Trash2 aria-hidden /> Delete
            </Button>
          </>
        }
      >
        <p>
          <code>{id}</code>
        </p>
      </PageHead>
      {tenant.isError ? <ErrorNote error={tenant.error} retry={() => tenant.refetch()} /> : null}
      <Keys
        tenant={id}
        creating={dialog === 'key'}
        setCreating={(open) => go({ ...search, dialog: open ? 'key' : undefined })}
      />
      <LimitsCard tenant={id} />
      <AuditTable tenant={id} search={search} change={go} />
      <Confirm
        open={deleting}
        onOpenChange={setDeleting}
        danger
        typed={name}
        title={`Delete ${name}`}
        verb="Delete tenant"
        run={async () => {
          await send('DELETE', `/admin/v1/tenants/${encodeURIComponent(id)}`);
          await navigate({ to: '/tenants' });
          await queries.invalidateQueries({ queryKey: ['tenants'] });
          toast(`${name} is deleted.`);
        }}
      >
        Its keys stop working at once, and its adapters, stores and files go. Its ledger and audit log stay. This can’t
        be undone.
      </Confirm>
    </main>
  );
}

interface KeysProps {
  tenant: string;
  /** In the address, so that the palette can lead here. */
  creating: boolean;
  setCreating: (open: boolean) => void;
}

function Keys({ tenant, creating, setCreating }: KeysProps) {
  const keys = useQuery(keysQuery(tenant));
  return (
    <section className="card" aria-labelledby="keys">
      <header>
        <h2 id="keys">API keys</h2>
        <Button small onClick={() => setCreating(true)}>
          <Plus aria-hidden /> New key
        </Button>
      </header>
      {keys.isPending ? <SkeletonRows rows={2} what="keys" /> : null}
      {keys.isError ? (
        <div className="body">
          <ErrorNote error={keys.error} retry={() => keys.refetch()} />
        </div>
      ) : null}
      {keys.data?.data.length === 0 ? (
        <Empty icon={<KeyRound aria-hidden />} title="No key yet">
          <p>A key says what its holder may do; its secret is shown once.</p>
        </Empty>
      ) : null}
      {keys.data && keys.data.data.length > 0 ? (
        <div className="table-scroll">
          <table className="table">
            <thead>
              <tr>
                <th>Name</th>
                <th>Prefix</th>
                <th>May</th>
                <th>Last used</th>
                <th>Expires</th>
                <th>
                  <span className="visually-hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {keys.data.data.map((key) => (
                <KeyRow key={key.id} tenant={tenant} one={key} />
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
      {creating ? <NewKey tenant={tenant} close={() => setCreating(false)} /> : null}
    </section>
  );
}

function KeyRow({ tenant, one }: { tenant: string; one: ApiKey }) {
  const queries = useQueryClient();
  const [revoking, setRevoking] = useState(false);
  const [rotating, setRotating] = useState(false);
  const narrowed = [...(one.models ?? []), ...(one.stores ?? [])];
  return (
    <tr>
      <td>{one.name || <span className="muted">unnamed</span>}</td>
      <td>
        <code>{one.prefix}…</code>
      </td>
      <td>
        <div className="row wrap" style={{ gap: 4 }}>
          {one.scopes.map((scope) => (
            <span key={scope} className={scope === 'admin' ? 'chip look' : 'chip'}>
              {scope}
            </span>
          ))}
        </div>
        {narrowed.length > 0 ? <p className="muted small mono">only {narrowed.join(', ')}</p> : null}
      </td>
      <td className="muted">
        <Moment at={one.last_used_at} />
      </td>
      <td className="muted">
        <Moment at={one.expires_at} />
      </td>
      <td className="right">
        <span className="row" style={{ justifyContent: 'flex-end' }}>
          <Button small onClick={() => setRotating(true)}>
            Rotate
          </Button>
          <Button small look="danger" onClick={() => setRevoking(true)}>
            Revoke
          </Button>
        </span>
        {rotating ? <RotateKey tenant={tenant} one={one} close={() => setRotating(false)} /> : null}
        <Confirm
          open={revoking}
          onOpenChange={setRevoking}
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
      </td>
    </tr>
  );
}
