import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { Layers, Scale, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { send } from '../../api/client';
import { tenantQuery } from '../../api/queries';
import { AuditTable } from '../../components/AuditTable';
import { Button } from '../../components/Button';
import { Confirm } from '../../components/Confirm';
import { ErrorNote } from '../../components/Feedback';
import { PageHead } from '../../components/PageHead';
import { toast } from '../../components/Toasts';
import { KeysCard } from './KeysCard';
import { LimitsCard } from './LimitsCard';
import { ShadowConsent } from './ShadowConsent';

export function TenantPage() {
  const { tenant: id } = useParams({ from: '/app/tenants/$tenant' });
  const shown = useSearch({ from: '/app/tenants/$tenant' });
  const { dialog, keys, ...search } = shown;
  const navigate = useNavigate();
  const queries = useQueryClient();
  const tenant = useQuery(tenantQuery(id));
  const [deleting, setDeleting] = useState(false);
  const name = tenant.data?.name || id;
  const go = (next: typeof shown) =>
    void navigate({ to: '/tenants/$tenant', params: { tenant: id }, search: next, resetScroll: false });
  return (
    <main className="page">
      <PageHead
        above={<Link to="/tenants">Tenants</Link>}
        title={name}
        actions={
          <>
            <Link className="button" to="/adapters" search={{ tenant: id }}>
              <Layers aria-hidden /> Adapters
            </Link>
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
      <KeysCard
        tenant={id}
        after={keys}
        page={(after) => go({ ...shown, keys: after })}
        creating={dialog === 'key'}
        setCreating={(open) => go({ ...shown, dialog: open ? 'key' : undefined })}
      />
      <LimitsCard tenant={id} />
      <section className="card" aria-label="Comparisons">
        <div className="body">
          <ShadowConsent tenant={id} />
        </div>
      </section>
      <AuditTable tenant={id} search={search} change={(next) => go({ ...next, keys })} />
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
