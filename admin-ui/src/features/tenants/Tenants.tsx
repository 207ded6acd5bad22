import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { send } from '../../api/client';
import { tenantsQuery } from '../../api/queries';
import type { Tenant } from '../../api/types';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { ErrorNote, SkeletonRows } from '../../components/Feedback';
import { Moment } from '../../components/Small';

export function Tenants() {
  const tenants = useQuery(tenantsQuery);
  const [creating, setCreating] = useState(false);
  return (
    <main className="page">
      <div className="page-head">
        <div>
          <h1>Tenants</h1>
          <p>Each sees its own adapters, documents and bills only.</p>
        </div>
        <Button look="primary" onClick={() => setCreating(true)}>
          <Plus aria-hidden /> New tenant
        </Button>
      </div>
      <section className="card" aria-label="Tenants">
        {tenants.isPending ? <SkeletonRows what="tenants" /> : null}
        {tenants.isError ? (
          <div className="body">
            <ErrorNote error={tenants.error} retry={() => tenants.refetch()} />
          </div>
        ) : null}
        {tenants.data ? (
          <div className="table-scroll">
            <table className="table">
              <thead>
                <tr>
                  <th>Name</th>
                  <th>Id</th>
                  <th>Created</th>
                </tr>
              </thead>
              <tbody>
                {tenants.data.data.map((tenant) => (
                  <tr key={tenant.id}>
                    <td>
                      <Link className="strong" to="/tenants/$tenant" params={{ tenant: tenant.id }}>
                        {tenant.name}
                      </Link>
                    </td>
                    <td>
                      <code className="muted">{tenant.id}</code>
                    </td>
                    <td className="muted">
                      <Moment at={tenant.created_at} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        ) : null}
      </section>
      <NewTenant open={creating} onOpenChange={setCreating} />
    </main>
  );
}

function NewTenant({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const create = useMutation({
    mutationFn: () => send<Tenant>('POST', '/admin/v1/tenants', { name: name.trim() }),
    onSuccess: async (tenant) => {
      await queries.invalidateQueries({ queryKey: ['tenants'] });
      onOpenChange(false);
      setName('');
      await navigate({ to: '/tenants/$tenant', params: { tenant: tenant.id } });
    },
  });
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title="New tenant" description="Make its first key on its page.">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim()) create.mutate();
        }}
      >
        <div className="body">
          <div className="field">
            <label htmlFor="tenant-name">Name</label>
            <input
              id="tenant-name"
              className="input"
              value={name}
              maxLength={200}
              placeholder="support-team"
              onChange={(event) => setName(event.target.value)}
            />
          </div>
          {create.isError ? <ErrorNote error={create.error} /> : null}
        </div>
        <footer>
          <Button onClick={() => onOpenChange(false)}>Cancel</Button>
          <Button type="submit" look="primary" disabled={!name.trim() || create.isPending}>
            {create.isPending ? 'Creating…' : 'Create tenant'}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
