import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Layers, Upload } from 'lucide-react';
import { useMemo, useState } from 'react';
import { engineQuery } from '../../api/queries';
import type { Adapter } from '../../api/types';
import { useMay } from '../../app/session';
import { Button } from '../../components/Button';
import { Empty, ErrorNote, Skeleton, SkeletonRows } from '../../components/Feedback';
import { Moment } from '../../components/Small';
import { adaptersQuery, aliasWords, newestFirst } from './adapters';
import { UploadDialog } from './UploadDialog';

export function Adapters() {
  const navigate = useNavigate();
  const { upload } = useSearch({ from: '/app/adapters' });
  const adapters = useQuery(adaptersQuery);
  const [filter, setFilter] = useState('');
  const shown = useMemo(
    () => adapters.data?.data.filter((one) => one.name.includes(filter.trim().toLowerCase())) ?? [],
    [adapters.data, filter],
  );
  const setUpload = (open: boolean) => void navigate({ to: '/adapters', search: { upload: open ? 'new' : undefined } });
  return (
    <main className="page">
      <div className="page-head">
        <div>
          <h1>Adapters</h1>
          <p>Each is a model name: its alias decides which version answers.</p>
        </div>
        <Button look="primary" onClick={() => setUpload(true)}>
          <Upload aria-hidden /> Upload adapter
        </Button>
      </div>
      <section className="card" aria-label="Adapters">
        {adapters.data && adapters.data.data.length > 6 ? (
          <header>
            <input
              className="input"
              style={{ maxWidth: 280 }}
              placeholder="Filter by name"
              aria-label="Filter by name"
              value={filter}
              onChange={(event) => setFilter(event.target.value)}
            />
            <span className="muted small">{shown.length} shown</span>
          </header>
        ) : null}
        {adapters.isPending ? <SkeletonRows what="adapters" /> : null}
        {adapters.isError ? (
          <div className="body">
            <ErrorNote error={adapters.error} retry={() => adapters.refetch()} />
          </div>
        ) : null}
        {adapters.data?.data.length === 0 ? (
          <Empty icon={<Layers aria-hidden />} title="No adapter yet">
            <p>Drop the folder that PEFT wrote: adapter_config.json and adapter_model.safetensors.</p>
            <Button onClick={() => setUpload(true)}>Upload the first</Button>
          </Empty>
        ) : null}
        {shown.length > 0 ? <AdapterTable adapters={shown} /> : null}
      </section>
      <UploadDialog
        open={upload !== undefined}
        onOpenChange={setUpload}
        fixedName={upload === 'new' ? undefined : upload}
      />
    </main>
  );
}

function AdapterTable({ adapters }: { adapters: Adapter[] }) {
  const admin = useMay('admin');
  return (
    <div className="table-scroll">
      <table className="table">
        <thead>
          <tr>
            <th>Name</th>
            <th>Aliases</th>
            <th>Base</th>
            <th className="right">Rank</th>
            {admin ? <th>Resident</th> : null}
            <th>Updated</th>
          </tr>
        </thead>
        <tbody>
          {adapters.map((adapter) => (
            <Row key={adapter.name} adapter={adapter} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ adapter }: { adapter: Adapter }) {
  const admin = useMay('admin');
  const latest = newestFirst(adapter.versions)[0];
  return (
    <tr>
      <td>
        <Link className="strong" to="/adapters/$name" params={{ name: adapter.name }}>
          {adapter.name}
        </Link>{' '}
        {adapter.shared ? <span className="chip">shared</span> : null}
      </td>
      <td>
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
      </td>
      <td className="muted">{adapter.base_model}</td>
      <td className="right">{latest?.rank ?? ''}</td>
      {admin ? (
        <td>
          <Residency adapter={adapter} />
        </td>
      ) : null}
      <td className="muted">
        <Moment at={latest?.created_at ?? adapter.created_at} />
      </td>
    </tr>
  );
}

const tiers = { device: 'on device', host: 'in host memory' };

/** Where its weights are now; only the admin scope sees the engine. */
function Residency({ adapter }: { adapter: Adapter }) {
  const engine = useQuery(engineQuery);
  const resident = engine.data?.adapters.filter((one) =>
    adapter.versions.some((version) => version.digest === one.digest),
  );
  if (!resident) return <Skeleton width={64} />;
  if (resident.length === 0) return <span className="muted">stored</span>;
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
