import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { Download, GitCompare, MessagesSquare } from 'lucide-react';
import type { Adapter, AdapterVersionDetails } from '../../api/types';
import { bytes } from '../../app/format';
import { sessionQuery } from '../../app/session';
import { ErrorNote, Note, SkeletonRows } from '../../components/Feedback';
import { Digest, Moment } from '../../components/Small';
import { adapterPath, adapterQuery, versionQuery } from './adapters';
import { lineage, said } from './compare';
import { DescribeVersion } from './DescribeVersion';
import { FilesTable } from './FilesTable';
import { HeatStrips } from './HeatStrip';

/** All that is known of one version. */
export function VersionPage() {
  const params = useParams({ from: '/app/adapters/$name/versions/$version' });
  const { name } = params;
  const number = Number(params.version);
  const adapter = useQuery(adapterQuery(name));
  const version = useQuery(versionQuery(name, number));
  const session = useQuery(sessionQuery).data;
  return (
    <main className="page">
      <div className="page-head">
        <div>
          <p className="small">
            <Link to="/adapters">Adapters</Link> /{' '}
            <Link to="/adapters/$name" params={{ name }}>
              {name}
            </Link>
          </p>
          <h1>Version {number}</h1>
          <p className="row wrap">
            {version.data?.aliases.map((alias) => (
              <span key={alias} className="chip good">
                {alias}
              </span>
            ))}
            {version.data?.tags.map((tag) => (
              <span key={tag} className="chip">
                {tag}
              </span>
            ))}
          </p>
        </div>
        <div className="row wrap">
          <a className="button" href={`${adapterPath(name)}/versions/${number}/files`} download>
            <Download aria-hidden /> Files
          </a>
          {adapter.data && adapter.data.versions.length > 1 ? (
            <Link className="button" to="/adapters/$name" params={{ name }} search={{ tab: 'compare', left: number }}>
              <GitCompare aria-hidden /> Compare
            </Link>
          ) : null}
          <Link className="button" to="/playground" search={{ columns: `${name}@${number}` }}>
            <MessagesSquare aria-hidden /> Chat
          </Link>
        </div>
      </div>
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
          <Facts version={version.data} adapter={adapter.data} />
          <Metrics version={version.data} />
          {adapter.data && adapter.data.tenant === session?.tenant.id ? (
            <DescribeVersion key={version.data.changed_at ?? 0} version={version.data} />
          ) : null}
          <section className="card" aria-labelledby="norms">
            <header>
              <h2 id="norms">Norms by layer</h2>
            </header>
            <div className="body">
              <HeatStrips adapter={name} versions={[number]} />
            </div>
          </section>
          <FilesTable files={version.data.files} />
        </>
      ) : null}
    </main>
  );
}

function Facts({ version, adapter }: { version: AdapterVersionDetails; adapter: Adapter | undefined }) {
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
                    <Link to="/adapters/$name/versions/$version" params={{ name: version.adapter, version: `${one}` }}>
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
