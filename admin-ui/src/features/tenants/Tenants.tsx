import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Building2, Plus } from 'lucide-react';
import { useState } from 'react';
import { send } from '../../api/client';
import { budgetsQuery, tenantListQuery } from '../../api/queries';
import type { Tenant } from '../../api/types';
import { Button } from '../../components/Button';
import { Empty } from '../../components/Feedback';
import { NamedDialog } from '../../components/NamedDialog';
import { PageHead } from '../../components/PageHead';
import { ServerTable, type Column } from '../../components/ServerTable';
import { Moment } from '../../components/Small';
import { BudgetBar } from './BudgetBar';

export function Tenants() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const search = useSearch({ from: '/app/tenants' });
  const tenants = useQuery(tenantListQuery(search));
  const [creating, setCreating] = useState(false);
  const create = async (name: string) => {
    const tenant = await send<Tenant>('POST', '/admin/v1/tenants', { name });
    await queries.invalidateQueries({ queryKey: ['tenants'] });
    await navigate({ to: '/tenants/$tenant', params: { tenant: tenant.id } });
  };
  return (
    <main className="page">
      <PageHead
        title="Tenants"
        actions={
          <Button look="primary" onClick={() => setCreating(true)}>
            <Plus aria-hidden /> New tenant
          </Button>
        }
      >
        <p>Each sees its own adapters, documents and bills only.</p>
      </PageHead>
      <section className="card" aria-label="Tenants">
        <ServerTable
          what="tenants"
          columns={columns}
          rows={tenants}
          rowId={(tenant) => tenant.id}
          search={search}
          change={(next) => void navigate({ to: '/tenants', search: next, resetScroll: false })}
          filter="Filter by name"
          empty={
            <Empty icon={<Building2 aria-hidden />} title="No tenant yet">
              <p>A tenant is a team: it gets keys, limits and a bill of its own.</p>
            </Empty>
          }
        />
      </section>
      {creating ? (
        <NamedDialog
          close={() => setCreating(false)}
          what="tenant"
          description="Make its first key on its page."
          placeholder="support-team"
          create={create}
        />
      ) : null}
    </main>
  );
}

const columns: Column<Tenant>[] = [
  {
    id: 'name',
    header: 'Name',
    meta: { sort: 'name' },
    cell: ({ row }) => (
      <Link className="strong" to="/tenants/$tenant" params={{ tenant: row.original.id }}>
        {row.original.name}
      </Link>
    ),
  },
  { id: 'id', header: 'Id', cell: ({ row }) => <code className="muted">{row.original.id}</code> },
  { id: 'budget', header: 'Budget', cell: ({ row }) => <Budget tenant={row.original.id} /> },
  {
    id: 'created',
    header: 'Created',
    meta: { sort: 'created_at' },
    cell: ({ row }) => (
      <span className="muted">
        <Moment at={row.original.created_at} />
      </span>
    ),
  },
];

/** Those nearest to their end are read once for the whole table. */
function Budget({ tenant }: { tenant: string }) {
  const budgets = useQuery(budgetsQuery());
  const budget = budgets.data?.data.find((one) => one.tenant_id === tenant);
  return budget ? <BudgetBar budget={budget} /> : <span className="muted">–</span>;
}
