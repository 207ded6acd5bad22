import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { MessagesSquare, Upload } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { costsQuery, engineQuery, modelsQuery, storesQuery, usageQuery } from '../../api/queries';
import type { EngineState } from '../../api/types';
import { bytes, count, money, percent, plural } from '../../app/format';
import { useMay } from '../../app/session';
import { ErrorNote, Note, Skeleton } from '../../components/Feedback';
import { totals } from '../usage/totals';
import { Sparkline } from './Sparkline';

const HISTORY = 60;

/** What runs now, what today cost, and what needs a look. */
export function Overview() {
  const admin = useMay('admin');
  const engine = useQuery({ ...engineQuery, enabled: admin });
  const usage = useQuery({ ...usageQuery(1, 'model'), refetchInterval: 10_000 });
  const costs = useQuery({ ...costsQuery(1), refetchInterval: 10_000 });
  const history = useHistory(engine.data);
  const today = totals(usage.data, costs.data);
  const used = engine.data ? engine.data.kv_blocks.total - engine.data.kv_blocks.free : 0;
  return (
    <main className="page">
      <div className="page-head">
        <div>
          <h1>Overview</h1>
          <p>{admin ? 'The engine now, and today’s use.' : 'Your tenant’s use today.'}</p>
        </div>
        <div className="row">
          <Link className="button" to="/adapters" search={{ upload: 'new' }}>
            <Upload aria-hidden /> Upload adapter
          </Link>
          <Link className="button" to="/playground" search={{ columns: undefined }}>
            <MessagesSquare aria-hidden /> Open playground
          </Link>
        </div>
      </div>
      <div className="figures">
        {admin ? (
          <>
            <Figure
              label="Running now"
              value={engine.data && count(engine.data.running)}
              detail={engine.data ? `${count(engine.data.waiting)} waiting` : ''}
            >
              <Sparkline values={history.map((one) => one.running)} label="Running sequences, last two minutes" />
            </Figure>
            <Figure
              label="KV blocks in use"
              value={engine.data && percent(used, engine.data.kv_blocks.total)}
              detail={engine.data ? `${count(used)} of ${count(engine.data.kv_blocks.total)}` : ''}
            >
              <Sparkline
                values={history.map((one) => one.kv_blocks.total - one.kv_blocks.free)}
                label="KV blocks in use"
              />
            </Figure>
          </>
        ) : null}
        <Figure
          label="Requests today"
          value={usage.data && count(today.requests)}
          detail={`${count(today.inputTokens)} tokens in, ${count(today.outputTokens)} out`}
        />
        <Figure
          label="Cost today"
          value={costs.data && money(today.costMicros, today.currency)}
          detail={
            today.requests > 0
              ? `${money(today.costMicros / today.requests, today.currency)} a request`
              : 'No request yet'
          }
        />
      </div>
      {usage.isError ? <ErrorNote error={usage.error} retry={() => usage.refetch()} /> : null}
      {engine.isError ? <ErrorNote error={engine.error} retry={() => engine.refetch()} /> : null}
      {engine.data ? <Device engine={engine.data} /> : null}
      <Attention />
      <Serving />
    </main>
  );
}

/** The last readings, so that a figure shows where it comes from. */
function useHistory(engine: EngineState | undefined): EngineState[] {
  const [history, setHistory] = useState<EngineState[]>([]);
  if (engine && engine !== history.at(-1)) setHistory([...history, engine].slice(-HISTORY));
  return history;
}

function Figure({
  label,
  value,
  detail,
  children,
}: {
  label: string;
  value: string | undefined;
  detail: string;
  children?: ReactNode;
}) {
  return (
    <section className="card figure">
      <span className="label">{label}</span>
      {value === undefined ? <Skeleton height={28} width={90} /> : <span className="value">{value}</span>}
      <span className="muted small num">{detail}</span>
      {children}
    </section>
  );
}

/** The device's KV memory as a picture, and the adapters beside it. */
function Device({ engine }: { engine: EngineState }) {
  const { total, free, cached } = engine.kv_blocks;
  const parts = [
    { name: 'in use', blocks: total - free, color: 'var(--chart-1)' },
    { name: 'cached prefixes', blocks: cached, color: 'var(--chart-2)' },
    { name: 'free', blocks: free - cached, color: 'transparent' },
  ];
  return (
    <section className="card" aria-labelledby="device">
      <header>
        <h2 id="device">Device</h2>
        <span className="muted small">
          {engine.engine}, {engine.precision}, {engine.device}
        </span>
      </header>
      <div className="body stack tight">
        <div
          className="device"
          role="img"
          aria-label={parts.map((part) => `${part.blocks} KV blocks ${part.name}`).join(', ')}
        >
          {parts
            .filter((part) => part.blocks > 0)
            .map((part) => (
              <span
                key={part.name}
                style={{ background: part.color, flexGrow: part.blocks }}
                title={`${count(part.blocks)} KV blocks ${part.name}`}
              />
            ))}
        </div>
        <div className="legend">
          {parts.map((part) => (
            <span key={part.name}>
              <i style={{ background: part.color, border: '1px solid var(--line)' }} />
              {count(part.blocks)} {part.name}
            </span>
          ))}
        </div>
        <div className="row wrap">
          {engine.adapters.map((one) => (
            <span key={one.digest} title={one.digest} className={one.tier === 'device' ? 'chip good' : 'chip'}>
              {one.name}@{one.version} · {bytes(one.bytes)} · {one.tier}
            </span>
          ))}
          {engine.adapters.length === 0 ? (
            <span className="muted small">No adapter is in memory; each is loaded at its first request.</span>
          ) : null}
        </div>
      </div>
    </section>
  );
}

function Attention() {
  const may = useMay('knowledge');
  const stores = useQuery({ ...storesQuery, enabled: may });
  const failing = stores.data?.data.filter((store) => store.file_counts.failed > 0) ?? [];
  return failing.map((store) => (
    <Note key={store.id} tone="look">
      <p>
        {plural(store.file_counts.failed, 'document')} in{' '}
        <Link to="/knowledge/$store" params={{ store: store.id }} search={{ q: undefined }}>
          {store.name || store.id}
        </Link>{' '}
        could not be read. The store’s page says why.
      </p>
    </Note>
  ));
}

function Serving() {
  const models = useQuery(modelsQuery);
  if (models.isError) return <ErrorNote error={models.error} retry={() => models.refetch()} />;
  return (
    <section className="card" aria-labelledby="serving">
      <header>
        <h2 id="serving">Models you can call</h2>
        <Link className="small" to="/adapters" search={{ upload: undefined }}>
          All adapters
        </Link>
      </header>
      <div className="body row wrap">
        {models.isPending ? <Skeleton height={20} width={260} /> : null}
        {models.data?.data
          .filter((model) => model.graft?.kind !== 'alias')
          .map((model) => (
            <Link
              key={model.id}
              to="/playground"
              search={{ columns: model.id }}
              className={model.graft?.kind === 'base' ? 'chip good' : 'chip'}
            >
              {model.id}
            </Link>
          ))}
      </div>
    </section>
  );
}
