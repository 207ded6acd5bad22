import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { Download, MessagesSquare, Trash2, Upload } from 'lucide-react';
import { useState } from 'react';
import type { Adapter } from '../../api/types';
import type { AdapterTab } from '../../app/router';
import { sessionQuery, useMay } from '../../app/session';
import { AuditTable } from '../../components/AuditTable';
import { Button } from '../../components/Button';
import { ErrorNote, SkeletonRows } from '../../components/Feedback';
import { PageHead } from '../../components/PageHead';
import { Tabs } from '../../components/Tabs';
import { AdapterDialogs, type Action } from './AdapterDialogs';
import { adapterPath, adapterQuery, newestFirst, versionQuery } from './adapters';
import { AliasCard } from './AliasCard';
import { ComparePanel } from './ComparePanel';
import { FilesTable } from './FilesTable';
import { SharesCard } from './SharesCard';
import { CostTab, TrafficTab } from './TrafficTab';
import { VersionsTab } from './VersionsTab';

const tabs: readonly { key: AdapterTab | 'versions'; label: string }[] = [
  { key: 'versions', label: 'Versions' },
  { key: 'compare', label: 'Compare' },
  { key: 'traffic', label: 'Traffic' },
  { key: 'cost', label: 'Cost' },
  { key: 'files', label: 'Files' },
  { key: 'audit', label: 'Audit' },
];

export function AdapterPage() {
  const { name } = useParams({ from: '/app/adapters/$name' });
  const { tab = 'versions', action: asked, tenant } = useSearch({ from: '/app/adapters/$name' });
  const navigate = useNavigate();
  const admin = useMay('admin');
  const inference = useMay('inference');
  const adapter = useQuery(adapterQuery({ name, tenant }));
  const session = useQuery(sessionQuery).data;
  const [chosen, setChosen] = useState<Action | null>(null);
  const action = chosen ?? (adapter.data ? actionOf(asked, adapter.data) : null);
  const setAction = (next: Action | null) => {
    setChosen(next);
    if (next === null && asked)
      void navigate({ to: '/adapters/$name', params: { name }, search: { tenant }, replace: true });
  };
  // A shared adapter is changed by its owner only, or by the operator in the owner's place.
  const mine = adapter.data !== undefined && adapter.data.tenant === session?.tenant.id;
  const own = mine || (adapter.data !== undefined && admin);
  const shown = tabs.filter(
    ({ key }) => (key !== 'audit' || admin) && ((key !== 'traffic' && key !== 'cost') || inference),
  );
  return (
    <main className="page">
      <PageHead
        above={
          <Link to="/adapters" search={{ tenant }}>
            Adapters
          </Link>
        }
        title={name}
        actions={
          <>
            {mine || adapter.data?.shared ? (
              <Link className="button" to="/playground" search={{ columns: name }}>
                <MessagesSquare aria-hidden /> Chat
              </Link>
            ) : null}
            {mine ? (
              <Link className="button primary" to="/adapters" search={{ upload: name }}>
                <Upload aria-hidden /> New version
              </Link>
            ) : null}
            {own ? (
              <Button look="danger" onClick={() => setAction({ kind: 'delete adapter' })}>
                <Trash2 aria-hidden /> Delete
              </Button>
            ) : null}
          </>
        }
      >
        {adapter.data ? (
          <p>
            For {adapter.data.base_model}
            {adapter.data.shared ? ', shared with all tenants' : ''}
            {mine ? '' : `, of ${adapter.data.tenant}`}
          </p>
        ) : null}
      </PageHead>
      {adapter.isError ? <ErrorNote error={adapter.error} retry={() => adapter.refetch()} /> : null}
      {adapter.isPending ? (
        <section className="card">
          <SkeletonRows what="versions" />
        </section>
      ) : null}
      {adapter.data ? (
        <>
          <AliasCard
            adapter={adapter.data}
            own={own}
            edit={(alias) => setAction({ kind: 'edit', alias })}
            rollBack={(alias) => setAction({ kind: 'roll back', alias })}
            remove={(alias) => setAction({ kind: 'delete alias', alias })}
          />
          <Tabs
            label={`Parts of ${name}`}
            tabs={shown}
            open={tab}
            choose={(key) =>
              void navigate({
                to: '/adapters/$name',
                params: { name },
                search: { tenant, tab: key === 'versions' ? undefined : key },
                resetScroll: false,
              })
            }
          >
            <Tab tab={tab} adapter={adapter.data} own={own} act={setAction} />
          </Tabs>
          {action && own ? (
            <AdapterDialogs adapter={adapter.data} action={action} close={() => setAction(null)} />
          ) : null}
        </>
      ) : null}
    </main>
  );
}

/** What the palette asked for: the newest version that is not in production yet is the one to promote. */
function actionOf(asked: 'promote' | 'rollback' | undefined, adapter: Adapter): Action | null {
  if (asked === 'rollback') return { kind: 'roll back', alias: 'production' };
  if (asked !== 'promote') return null;
  const version = newestFirst(adapter.versions).find((one) => !one.aliases.includes('production'));
  return version ? { kind: 'promote', version } : null;
}

interface Part {
  tab: AdapterTab | 'versions';
  adapter: Adapter;
  own: boolean;
  act: (action: Action) => void;
}

function Tab({ tab, adapter, own, act }: Part) {
  const navigate = useNavigate();
  const { left, right, after, tenant } = useSearch({ from: '/app/adapters/$name' });
  const go = (search: { tab: AdapterTab; left?: number; right?: number; after?: string | undefined }) =>
    void navigate({
      to: '/adapters/$name',
      params: { name: adapter.name },
      search: { ...search, tenant },
      resetScroll: false,
    });
  switch (tab) {
    case 'versions':
      return (
        <>
          <VersionsTab adapter={adapter} own={own} act={act} />
          {own ? <SharesCard adapter={adapter} /> : null}
        </>
      );
    case 'compare':
      return (
        <ComparePanel
          adapter={adapter}
          left={left}
          right={right}
          choose={(one, other) => go({ tab, left: one, right: other })}
        />
      );
    case 'traffic':
      return <TrafficTab adapter={adapter} />;
    case 'cost':
      return <CostTab adapter={adapter} />;
    case 'files':
      return <FilesTab adapter={adapter} version={left} choose={(version) => go({ tab, left: version })} />;
    case 'audit':
      return (
        <AuditTable object={adapter.name} search={{ after }} change={(search) => go({ tab, after: search.after })} />
      );
  }
}

interface FilesProps {
  adapter: Adapter;
  version: number | undefined;
  choose: (version: number) => void;
}

function FilesTab({ adapter, version, choose }: FilesProps) {
  const versions = newestFirst(adapter.versions).map((one) => one.version);
  const shown = versions.includes(version ?? 0) ? (version ?? 0) : (versions[0] ?? 0);
  const details = useQuery({ ...versionQuery(adapter, shown), enabled: shown > 0 });
  return (
    <>
      <div className="row wrap">
        <select
          className="input"
          style={{ width: 'auto' }}
          aria-label="Version whose files are shown"
          value={shown}
          onChange={(event) => choose(Number(event.target.value))}
        >
          {versions.map((one) => (
            <option key={one} value={one}>
              version {one}
            </option>
          ))}
        </select>
        <span className="grow" />
        <a className="button" href={adapterPath(adapter, `/versions/${shown}/files`)} download>
          <Download aria-hidden /> Download all as zip
        </a>
      </div>
      {details.isError ? <ErrorNote error={details.error} retry={() => details.refetch()} /> : null}
      {details.isPending ? <SkeletonRows rows={2} what="files" /> : null}
      {details.data ? <FilesTable files={details.data.files} /> : null}
    </>
  );
}
