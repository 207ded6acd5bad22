import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useMemo, type ReactNode } from 'react';
import { costsQuery, usageQuery } from '../../api/queries';
import type { Adapter } from '../../api/types';
import { count, money } from '../../app/format';
import { ErrorNote, Skeleton } from '../../components/Feedback';
import { CostChart } from '../usage/CostChart';
import { requestsByDay, versionTraffic } from './traffic';

const DayChart = lazy(() => import('../../components/DayChart'));
const DAYS = 30;

function useReports(adapter: string) {
  const usage = useQuery(usageQuery(DAYS, ['model'], [adapter]));
  const costs = useQuery(costsQuery(DAYS, ['model'], [adapter]));
  const versions = useMemo(
    () => (usage.data && costs.data ? versionTraffic(usage.data, costs.data) : undefined),
    [usage.data, costs.data],
  );
  return { usage, costs, versions };
}

/** Requests of thirty days, by the version that answered them. */
export function TrafficTab({ adapter }: { adapter: Adapter }) {
  const { usage, costs, versions } = useReports(adapter.name);
  const failed = usage.error ?? costs.error;
  if (failed) return <ErrorNote error={failed} retry={() => void usage.refetch()} />;
  const { days, series } = requestsByDay(usage.data ?? []);
  return (
    <>
      <ChartCard title={`Requests, last ${DAYS} days`}>
        {!usage.data ? <Skeleton height={220} /> : null}
        {usage.data && series.length === 0 ? <Quiet name={adapter.name} /> : null}
        {series.length > 0 ? (
          <Suspense fallback={<Skeleton height={220} />}>
            <DayChart
              days={days}
              series={series.map((key, at) => ({ key, name: key, color: `var(--chart-${(at % 8) + 1})` }))}
              label={`Requests by day and version: ${series.join(', ')}`}
              format={(value) => count(value)}
            />
          </Suspense>
        ) : null}
      </ChartCard>
      {versions && versions.size > 0 ? <Versions versions={versions} /> : null}
    </>
  );
}

/** Cost of thirty days by component, and by version. */
export function CostTab({ adapter }: { adapter: Adapter }) {
  const components = useQuery(costsQuery(DAYS, ['line_item'], [adapter.name]));
  const { versions } = useReports(adapter.name);
  const currency = [...(versions?.values() ?? [])][0]?.currency ?? 'USD';
  return (
    <>
      <ChartCard title={`Cost by component, last ${DAYS} days`}>
        {components.isError ? <ErrorNote error={components.error} /> : null}
        <CostChart costs={components.data} currency={currency} />
      </ChartCard>
      {versions && versions.size > 0 ? <Versions versions={versions} /> : null}
    </>
  );
}

function Quiet({ name }: { name: string }) {
  return (
    <p className="muted">
      No request in this time. A client names <code>{name}</code> as its model, and its requests show up here.
    </p>
  );
}

function ChartCard({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="card" aria-label={title}>
      <header>
        <h2>{title}</h2>
      </header>
      <div className="body">{children}</div>
    </section>
  );
}

function Versions({ versions }: { versions: ReturnType<typeof versionTraffic> }) {
  return (
    <section className="card" aria-label="By version">
      <header>
        <h2>By version</h2>
      </header>
      <div className="table-scroll">
        <table className="table">
          <thead>
            <tr>
              <th>Version</th>
              <th className="right">Requests</th>
              <th className="right">Tokens in</th>
              <th className="right">Tokens out</th>
              <th className="right">Cost</th>
              <th className="right">Cost a request</th>
            </tr>
          </thead>
          <tbody>
            {[...versions].map(([name, one]) => (
              <tr key={name}>
                <td className="mono">{name}</td>
                <td className="right">{count(one.requests)}</td>
                <td className="right">{count(one.inputTokens)}</td>
                <td className="right">{count(one.outputTokens)}</td>
                <td className="right">{money(one.costMicros, one.currency)}</td>
                <td className="right">
                  {one.requests === 0 ? '–' : money(one.costMicros / one.requests, one.currency)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
