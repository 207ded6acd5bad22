import { lazy, Suspense } from 'react';
import type { Bucket, CostResult } from '../../api/types';
import { money } from '../../app/format';
import { Skeleton } from '../../components/Feedback';
import { costByDay } from './totals';

/** Loaded when it is first shown: the chart library is the largest part of the UI. */
const DayChart = lazy(() => import('../../components/DayChart'));

/** One for each component of the price book, the same on every day and page. */
const colors: Record<string, string> = {
  decode: 'var(--chart-1)',
  prefill: 'var(--chart-2)',
  retrieve: 'var(--chart-3)',
  cached_prefill: 'var(--chart-4)',
  embed_query: 'var(--chart-5)',
  embed_index: 'var(--chart-6)',
  storage: 'var(--chart-7)',
};

/** Cost by day, stacked by component. */
export function CostChart({ costs, currency }: { costs: Bucket<CostResult>[] | undefined; currency: string }) {
  if (!costs) return <Skeleton height={220} />;
  const { days, components } = costByDay(costs);
  if (components.length === 0) return <p className="muted">No cost in this time.</p>;
  return (
    <Suspense fallback={<Skeleton height={220} />}>
      <DayChart
        days={days}
        series={components.map((key) => ({
          key,
          name: key.replaceAll('_', ' '),
          color: colors[key] ?? 'var(--chart-8)',
        }))}
        label={`Cost by day and component: ${components.join(', ')}`}
        format={(value) => money(value * 1_000_000, currency)}
      />
    </Suspense>
  );
}
