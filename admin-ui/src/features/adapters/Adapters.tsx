import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Layers, Upload } from 'lucide-react';
import { useMemo } from 'react';
import { costsQuery, engineQuery, usageQuery } from '../../api/queries';
import type { Adapter } from '../../api/types';
import { count, money } from '../../app/format';
import { sessionQuery, useMay } from '../../app/session';
import { Button } from '../../components/Button';
import { Empty } from '../../components/Feedback';
import type { ListSearch } from '../../components/listing';
import { PageHead } from '../../components/PageHead';
import { ServerTable, type Column } from '../../components/ServerTable';
import { Moment } from '../../components/Small';
import { adapterListQuery, aliasWords, newestFirst } from './adapters';
import { trafficOf, type Traffic } from './traffic';
import { UploadDialog } from './UploadDialog';

export function Adapters() {
  const navigate = useNavigate();
  const { upload, tenant, ...search } = useSearch({ from: '/app/adapters' });
  const adapters = useQuery(adapterListQuery(search, tenant));
  const columns = useColumns();
  const change = (next: ListSearch) =>
    void navigate({ to: '/adapters', search: { ...next, tenant }, resetScroll: false });
  const setUpload = (open: boolean) =>
    void navigate({ to: '/adapters', search: { ...search, tenant, upload: open ? 'new' : undefined } });
  return (
    <main className="page">
      <PageHead
        title="Adapters"
        actions={
          <Button look="primary" onClick={() => setUpload(true)}>
            <Upload aria-hidden /> Upload adapter
          </Button>
        }
      >
        <p>Each is a model name: its alias decides which version answers.</p>
        {tenant ? (
          <p>
            Those that <code>{tenant}</code> may use. <Link to="/adapters">Your own</Link>
          </p>
        ) : null}
      </PageHead>
      <section className="card" aria-label="Adapters">
        <ServerTable
          what="adapters"
          columns={columns}
          rows={adapters}
          rowId={(one) => one.name}
          search={search}
          change={change}
          filter="Filter by name"
          empty={
            <Empty icon={<Layers aria-hidden />} title="No adapter yet">
              <p>Drop the folder that PEFT wrote: adapter_config.json and adapter_model.safetensors.</p>
              <Button onClick={() => setUpload(true)}>Upload the first</Button>
            </Empty>
          }
        />
      </section>
      <UploadDialog
        open={upload !== undefined}
        onOpenChange={setUpload}
        fixedName={upload === 'new' ? undefined : upload}
      />
    </main>
  );
}

/** What the last day's ledger says of each adapter, read once for the whole table. */
function useTraffic(): Map<string, Traffic> | undefined {
  const may = useMay('inference');
  const usage = useQuery({ ...usageQuery(2, ['model']), enabled: may }).data;
  const costs = useQuery({ ...costsQuery(2, ['model']), enabled: may }).data;
  return useMemo(() => (usage && costs ? trafficOf(usage, costs) : undefined), [usage, costs]);
}

function useColumns(): Column<Adapter>[] {
  const admin = useMay('admin');
  const traffic = useTraffic();
  return useMemo(() => {
    const columns: (Column<Adapter> | false)[] = [
      { id: 'name', header: 'Name', meta: { sort: 'name' }, cell: ({ row }) => <Name adapter={row.original} /> },
      { id: 'aliases', header: 'Aliases', cell: ({ row }) => <Aliases adapter={row.original} /> },
      { id: 'base', header: 'Base', cell: ({ row }) => <span className="muted">{row.original.base_model}</span> },
      { id: 'rank', header: 'Rank', meta: { right: true }, cell: ({ row }) => latest(row.original)?.rank ?? '' },
      admin && { id: 'resident', header: 'Resident', cell: ({ row }) => <Residency adapter={row.original} /> },
      {
        id: 'requests',
        header: 'Requests',
        meta: { right: true },
        cell: ({ row }) => count(traffic?.get(row.original.name)?.requests ?? 0),
      },
      {
        id: 'cost',
        header: 'Cost',
        meta: { right: true },
        cell: ({ row }) => {
          const one = traffic?.get(row.original.name);
          return <span title="Yesterday and today, UTC">{money(one?.costMicros ?? 0, one?.currency ?? 'USD')}</span>;
        },
      },
      {
        id: 'updated',
        header: 'Made',
        meta: { sort: 'created_at' },
        cell: ({ row }) => (
          <span className="muted">
            <Moment at={row.original.created_at} />
          </span>
        ),
      },
    ];
    return columns.filter((one) => one !== false);
  }, [admin, traffic]);
}

const latest = (adapter: Adapter) => newestFirst(adapter.versions)[0];

function Name({ adapter }: { adapter: Adapter }) {
  const mine = useQuery(sessionQuery).data?.tenant.id === adapter.tenant;
  return (
    <>
      <Link
        className="strong"
        to="/adapters/$name"
        params={{ name: adapter.name }}
        search={{ tenant: mine ? undefined : adapter.tenant }}
      >
        {adapter.name}
      </Link>{' '}
      {adapter.shared ? <span className="chip">shared</span> : null}
    </>
  );
}

function Aliases({ adapter }: { adapter: Adapter }) {
  return (
    <div className="row wrap" style={{ gap: 4 }}>
      {adapter.aliases.map((alias) => (
        <span key={alias.alias} className={alias.alias === 'production' ? 'chip good' : 'chip'}>
          {aliasWords(alias)}
        </span>
      ))}
      {adapter.aliases.length === 0 ? (
        <span className="muted small">no alias: only {adapter.name}@n answers</span>
      ) : null}
    </div>
  );
}

const tiers = { device: 'on device', host: 'in host memory' };

/** Where its weights are now; only the admin scope sees the engine. */
function Residency({ adapter }: { adapter: Adapter }) {
  const engine = useQuery(engineQuery);
  const resident = engine.data?.adapters.filter((one) =>
    adapter.versions.some((version) => version.digest === one.digest),
  );
  if (!resident || resident.length === 0) return <span className="muted">stored</span>;
  return (
    <div className="row wrap" style={{ gap: 4 }}>
      {resident.map((one) => (
        <span key={one.digest} className={one.tier === 'device' ? 'chip good' : 'chip'}>
          v{one.version} {tiers[one.tier]}
        </span>
      ))}
    </div>
  );
}
