import { useQuery } from '@tanstack/react-query';
import { Link, useParams, useSearch } from '@tanstack/react-router';
import { Download, GitCompare, MessagesSquare } from 'lucide-react';
import type { Adapter, AdapterVersionDetails } from '../../api/types';
import { bytes } from '../../app/format';
import { mayDo, sessionQuery } from '../../app/session';
import { ErrorNote, Note, SkeletonRows } from '../../components/Feedback';
import { PageHead } from '../../components/PageHead';
import { Digest, Moment } from '../../components/Small';
import { adapterPath, adapterQuery, versionQuery } from './adapters';
import { lineage, said } from './compare';
import { DescribeVersion } from './DescribeVersion';
import { FilesTable } from './FilesTable';
import { HeatStrips } from './HeatStrip';
import { ModuleTable } from './ModuleTable';
import { VersionChips } from './VersionChips';

/** All that is known of one version. */
export function VersionPage() {
  const params = useParams({ from: '/app/adapters/$name/versions/$version' });
  const { name } = params;
  const number = Number(params.version);
  const { tenant } = useSearch({ from: '/app/adapters/$name/versions/$version' });
  const ref = { name, tenant };
  const adapter = useQuery(adapterQuery(ref));
  const version = useQuery(versionQuery(ref, number));
  const session = useQuery(sessionQuery).data;
  const own = adapter.data !== undefined && adapter.data.tenant === session?.tenant.id;
  const callable = own || adapter.data?.shared === true;
  return (
    <main className="page">
      <PageHead
        above={
          <>
            <Link to="/adapters" search={{ tenant }}>
              Adapters
            </Link>{' '}
            /{' '}
            <Link to="/adapters/$name" params={{ name }} search={{ tenant }}>
              {name}
            </Link>
          </>
        }
        title={`Version ${number}`}
        actions={
          <>
            <a className="button" href={adapterPath(ref, `/versions/${number}/files`)} download>
              <Download aria-hidden /> Files
            </a>
            {adapter.data && adapter.data.versions.length > 1 ? (
              <Link
                className="button"
                to="/adapters/$name"
                params={{ name }}
                search={{ tenant, tab: 'compare', left: number }}
              >
                <GitCompare aria-hidden /> Compare
              </Link>
            ) : null}
            {callable ? (
              <Link className="button" to="/playground" search={{ columns: `${name}@${number}` }}>
                <MessagesSquare aria-hidden /> Chat
              </Link>
            ) : null}
          </>
        }
      >
        {version.data ? (
          <p className="row wrap">
            <VersionChips version={version.data} />
          </p>
        ) : null}
      </PageHead>
      {version.isError ? <ErrorNote error={version.error} retry={() => version.refetch()} /> : null}
      {version.isPending ? (
        <section className="card">
          <SkeletonRows what="the version" />
        </section>
      ) : null}
      {version.data ? (
        <>
          {version.data.warnings.map((warning) => (
            <Note key={warning} tone="look">
              <p>{warning}</p>
            </Note>
          ))}
          <Facts version={version.data} adapter={adapter.data} tenant={tenant} />
          <Metrics version={version.data} />
          {adapter.data && (own || mayDo(session, 'admin')) ? (
            <DescribeVersion key={version.data.changed_at ?? 0} adapter={adapter.data} version={version.data} />
          ) : null}
          <section className="card" aria-labelledby="norms">
            <header>
              <h2 id="norms">Norms by layer</h2>
            </header>
            <div className="body stack">
              <HeatStrips adapter={ref} versions={[number]} />
              <ModuleTable adapter={ref} version={number} />
            </div>
          </section>
          <FilesTable files={version.data.files} />
        </>
      ) : null}
    </main>
  );
}

interface FactsProps {
  version: AdapterVersionDetails;
  adapter: Adapter | undefined;
  tenant: string | undefined;
}

function Facts({ version, adapter, tenant }: FactsProps) {
  const line = lineage(version, adapter?.versions ?? []);
  return (
    <section className="card" aria-labelledby="facts">
      <header>
        <h2 id="facts">What it is</h2>
      </header>
      <div className="body">
        {version.note ? <p style={{ marginBottom: 12, whiteSpace: 'pre-wrap' }}>{version.note}</p> : null}
        <dl className="facts">
          <dt>Base model</dt>
          <dd>
            {version.base_model} <Digest value={version.base_digest} />
          </dd>
          <dt>Weights</dt>
          <dd>
            rank {version.rank}, {bytes(version.size_bytes)} <Digest value={version.digest} />
          </dd>
          <dt>Modules</dt>
          <dd>{version.target_modules.join(', ')}</dd>
          <dt>Lineage</dt>
          <dd className="row wrap">
            {line.length === 1 ? 'no parent named' : null}
            {line.length > 1
              ? line.map((one, at) => (
                  <span key={one}>
                    {at > 0 ? 'from ' : ''}
                    <Link
                      to="/adapters/$name/versions/$version"
                      params={{ name: version.adapter, version: `${one}` }}
                      search={{ tenant }}
                    >
                      v{one}
                    </Link>
                  </span>
                ))
              : null}
          </dd>
          <dt>Training data</dt>
          <dd>{version.training_data || <span className="muted">not said</span>}</dd>
          <dt>Came by</dt>
          <dd>
            {version.origin}, <Moment at={version.created_at} />
            {version.created_by ? (
              <>
                {' '}
                by <code>{version.created_by}</code>
              </>
            ) : null}
          </dd>
          <dt>Signature</dt>
          <dd>{version.signed_by ? <Digest value={version.signed_by} /> : <span className="muted">none</span>}</dd>
          {Object.keys(version.manifest).map((key) => (
            <Manifest key={key} name={key} value={said(version.manifest, key)} />
          ))}
        </dl>
      </div>
    </section>
  );
}

function Manifest({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt>{name.replaceAll('_', ' ')}</dt>
      <dd>{value}</dd>
    </>
  );
}

function Metrics({ version }: { version: AdapterVersionDetails }) {
  const keys = Object.keys(version.metrics);
  if (keys.length === 0) return null;
  return (
    <section className="card" aria-labelledby="metrics">
      <header>
        <h2 id="metrics">Metrics</h2>
        <span className="muted small">as its uploader gave them</span>
      </header>
      <dl className="facts body num">
        {keys.map((key) => (
          <Manifest key={key} name={key} value={said(version.metrics, key)} />
        ))}
      </dl>
    </section>
  );
}
