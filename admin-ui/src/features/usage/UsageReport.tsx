import { useQuery } from '@tanstack/react-query';
import { ChartColumn, Download } from 'lucide-react';
import { useMemo, useState } from 'react';
import { costsQuery, tenantsQuery, usageQuery } from '../../api/queries';
import { count, money } from '../../app/format';
import { useMay } from '../../app/session';
import { Button } from '../../components/Button';
import { Empty, ErrorNote, SkeletonRows } from '../../components/Feedback';
import { Figure } from '../../components/Figure';
import { sorted, withSort, type ListSearch } from '../../components/listing';
import { ModelLink } from '../adapters/ModelLink';
import { CostChart } from './CostChart';
import { csv, download, usageRows } from './csv';
import { startOf } from './money';
import { byModelAndTenant, totals, type Line } from './totals';

/** What was used and what it cost, by day and component, and by model and tenant. */
export function UsageReport({ days }: { days: number }) {
  const usage = useQuery(usageQuery(days, ['model', 'project_id']));
  const components = useQuery(costsQuery(days));
  const costs = useQuery(costsQuery(days, ['model', 'project_id']));
  const sum = totals(usage.data, components.data);
  const failed = usage.error ?? components.error ?? costs.error;
  const name = `graft-usage-${days}-days.csv`;
  return (
    <>
      {failed ? <ErrorNote error={failed} retry={() => void usage.refetch()} /> : null}
      <div className="figures">
        <Figure label="Cost" value={components.data && money(sum.costMicros, sum.currency)} />
        <Figure label="Requests" value={usage.data && count(sum.requests)} />
        <Figure
          label="Tokens in"
          value={usage.data && count(sum.inputTokens)}
          detail={sum.cachedTokens > 0 ? `${count(sum.cachedTokens)} from the prefix cache` : ''}
        />
        <Figure label="Tokens out" value={usage.data && count(sum.outputTokens)} />
      </div>
      <section className="card" aria-labelledby="cost-days">
        <header>
          <h2 id="cost-days">Cost by day</h2>
          <span className="row wrap">
            <Button
              small
              disabled={!usage.data || !costs.data}
              onClick={() => download(name, csv(usageRows(usage.data ?? [], costs.data ?? [])))}
            >
              <Download aria-hidden /> CSV
            </Button>
            <a
              className="button small"
              href={`/v1/organization/costs/focus?start_time=${startOf(days)}`}
              download
              title="The ledger by hours in the FinOps columns"
            >
              <Download aria-hidden /> FOCUS
            </a>
          </span>
        </header>
        <div className="body">
          <CostChart costs={components.data} currency={sum.currency} />
        </div>
      </section>
      {usage.isPending ? (
        <section className="card">
          <SkeletonRows rows={3} what="usage" />
        </section>
      ) : null}
      {usage.data && costs.data ? <Lines lines={byModelAndTenant(usage.data, costs.data)} /> : null}
    </>
  );
}

type Column = 'model' | 'tenant' | 'requests' | 'inputTokens' | 'outputTokens' | 'costMicros';

const columns: { key: Column; label: string; right?: boolean }[] = [
  { key: 'model', label: 'Model' },
  { key: 'tenant', label: 'Tenant' },
  { key: 'requests', label: 'Requests', right: true },
  { key: 'inputTokens', label: 'Tokens in', right: true },
  { key: 'outputTokens', label: 'Tokens out', right: true },
  { key: 'costMicros', label: 'Cost', right: true },
];

const MOST_LINES = 200;

/** Model by tenant; the sums are here already, so they are sorted here. */
function Lines({ lines }: { lines: Line[] }) {
  const admin = useMay('admin');
  const tenants = useQuery({ ...tenantsQuery, enabled: admin }).data?.data;
  const [order, setOrder] = useState<ListSearch>({ sort: 'costMicros', order: 'desc' });
  const name = (id: string) => tenants?.find((tenant) => tenant.id === id)?.name ?? id;
  const shown = useMemo(() => sortedLines(lines, order), [lines, order]);
  const most = Math.max(1, ...lines.map((line) => line.costMicros));
  const visible = columns.filter((column) => column.key !== 'tenant' || admin);
  return (
    <section className="card" aria-label="By model and tenant">
      <header>
        <h2>{admin ? 'By model and tenant' : 'By model'}</h2>
      </header>
      {lines.length === 0 ? (
        <Empty icon={<ChartColumn aria-hidden />} title="Nothing in this time">
          <p>The first request shows up here as soon as its answer ends.</p>
        </Empty>
      ) : (
        <div className="table-scroll">
          <table className="table">
            <thead>
              <tr>
                {visible.map(({ key, label, right }) => (
                  <th key={key} className={right ? 'right' : undefined} aria-sort={sorted(order, key)}>
                    <button type="button" className="sorter" onClick={() => setOrder(withSort(order, key))}>
                      {label}
                    </button>
                  </th>
                ))}
                <th>
                  <span className="visually-hidden">Share of the cost</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {shown.slice(0, MOST_LINES).map((line) => (
                <tr key={`${line.model} ${line.tenant}`}>
                  <td className="mono">
                    <ModelLink model={line.model} tenant={line.tenant} />
                  </td>
                  {admin ? <td>{name(line.tenant)}</td> : null}
                  <td className="right">{count(line.requests)}</td>
                  <td className="right">{count(line.inputTokens)}</td>
                  <td className="right">{count(line.outputTokens)}</td>
                  <td className="right">{money(line.costMicros, line.currency)}</td>
                  <td style={{ width: '16%' }}>
                    <div className="bar">
                      <div style={{ width: `${(100 * line.costMicros) / most}%` }} />
                    </div>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {shown.length > MOST_LINES ? (
        <p className="body muted small">
          The first {MOST_LINES} of {count(shown.length)}; the CSV has all.
        </p>
      ) : null}
    </section>
  );
}

function sortedLines(lines: Line[], { sort, order }: ListSearch): Line[] {
  const key = columns.find((column) => column.key === sort)?.key ?? 'costMicros';
  const sign = order === 'asc' ? 1 : -1;
  return [...lines].sort((a, b) => {
    const [left, right] = [a[key], b[key]];
    if (typeof left === 'string' || typeof right === 'string') return sign * String(left).localeCompare(String(right));
    return sign * (left - right);
  });
}
