import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { ChartColumn } from 'lucide-react';
import { lazy, Suspense } from 'react';
import { costsQuery, tenantsQuery, usageQuery } from '../../api/queries';
import { count, money } from '../../app/format';
import { useMay } from '../../app/session';
import { Empty, ErrorNote, Skeleton, SkeletonRows } from '../../components/Feedback';
import { byGroup, totals } from './totals';

const CostChart = lazy(() => import('./CostChart'));
const ranges = [1, 7, 30];

/** Where tokens and money went; the range is in the address. */
export function UsagePage() {
  const navigate = useNavigate();
  const { days = 7 } = useSearch({ from: '/app/usage' });
  const usage = useQuery(usageQuery(days, 'model'));
  const costs = useQuery(costsQuery(days));
  const sum = totals(usage.data, costs.data);
  return (
    <main className="page">
      <div className="page-head">
        <div>
          <h1>Usage</h1>
          <p>Every token is in the ledger before it is sent; days are in UTC.</p>
        </div>
        <div className="segments" role="group" aria-label="Range">
          {ranges.map((range) => (
            <button
              key={range}
              type="button"
              aria-pressed={range === days}
              onClick={() => navigate({ to: '/usage', search: { days: range } })}
            >
              {range === 1 ? 'Today' : `${range} days`}
            </button>
          ))}
        </div>
      </div>
      {usage.isError ? <ErrorNote error={usage.error} retry={() => usage.refetch()} /> : null}
      {costs.isError ? <ErrorNote error={costs.error} retry={() => costs.refetch()} /> : null}
      <div className="figures">
        <Figure label="Cost" value={money(sum.costMicros, sum.currency)} ready={costs.isSuccess} />
        <Figure label="Requests" value={count(sum.requests)} ready={usage.isSuccess} />
        <Figure
          label="Tokens in"
          value={count(sum.inputTokens)}
          ready={usage.isSuccess}
          detail={sum.cachedTokens > 0 ? `${count(sum.cachedTokens)} from the prefix cache` : ''}
        />
        <Figure label="Tokens out" value={count(sum.outputTokens)} ready={usage.isSuccess} />
      </div>
      <section className="card" aria-labelledby="cost-days">
        <header>
          <h2 id="cost-days">Cost by day</h2>
        </header>
        <div className="body">
          {costs.data ? (
            <Suspense fallback={<Skeleton height={220} />}>
              <CostChart costs={costs.data} currency={sum.currency} />
            </Suspense>
          ) : (
            <Skeleton height={220} />
          )}
        </div>
      </section>
      <Table title="By model" days={days} groupBy="model" />
      <ByTenant days={days} />
    </main>
  );
}

function Figure({ label, value, detail, ready }: { label: string; value: string; detail?: string; ready: boolean }) {
  return (
    <section className="card figure">
      <span className="label">{label}</span>
      {ready ? <span className="value">{value}</span> : <Skeleton height={28} width={90} />}
      {detail ? <span className="muted small">{detail}</span> : null}
    </section>
  );
}

function ByTenant({ days }: { days: number }) {
  const admin = useMay('admin');
  const tenants = useQuery({ ...tenantsQuery, enabled: admin });
  if (!admin) return null;
  const name = (id: string) => tenants.data?.data.find((tenant) => tenant.id === id)?.name ?? id;
  return <Table title="By tenant" days={days} groupBy="project_id" name={name} />;
}

function Table({
  title,
  days,
  groupBy,
  name = (text) => text,
}: {
  title: string;
  days: number;
  groupBy: 'model' | 'project_id';
  name?: (id: string) => string;
}) {
  const usage = useQuery(usageQuery(days, groupBy));
  const groups = usage.data ? byGroup(usage.data, groupBy) : [];
  const most = Math.max(1, ...groups.map((group) => group.inputTokens + group.outputTokens));
  return (
    <section className="card" aria-label={title}>
      <header>
        <h2>{title}</h2>
      </header>
      {usage.isPending ? <SkeletonRows rows={3} what="usage" /> : null}
      {usage.isSuccess && groups.length === 0 ? (
        <Empty icon={<ChartColumn aria-hidden />} title="Nothing in this time">
          <p>The first request shows up here as soon as its answer ends.</p>
        </Empty>
      ) : null}
      {groups.length > 0 ? (
        <div className="table-scroll">
          <table className="table">
            <thead>
              <tr>
                <th>{groupBy === 'model' ? 'Model' : 'Tenant'}</th>
                <th className="right">Requests</th>
                <th className="right">Tokens in</th>
                <th className="right">Tokens out</th>
                <th>
                  <span className="visually-hidden">Share</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {groups.map((group) => (
                <tr key={group.name}>
                  <td>{name(group.name)}</td>
                  <td className="right">{count(group.requests)}</td>
                  <td className="right">{count(group.inputTokens)}</td>
                  <td className="right">{count(group.outputTokens)}</td>
                  <td style={{ width: '22%' }}>
                    <div className="bar">
                      <div style={{ width: `${(100 * (group.inputTokens + group.outputTokens)) / most}%` }} />
                    </div>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
    </section>
  );
}
