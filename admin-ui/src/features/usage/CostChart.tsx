import { Bar, BarChart, CartesianGrid, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import type { Bucket, CostResult } from '../../api/types';
import { money } from '../../app/format';
import { costByDay } from './totals';

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
const colorOf = (component: string) => colors[component] ?? 'var(--chart-8)';
const wordsOf = (component: string) => component.replaceAll('_', ' ');

/** Loaded only on this page: the chart library is the largest part of the UI. */
export default function CostChart({ costs, currency }: { costs: Bucket<CostResult>[]; currency: string }) {
  const { days, components } = costByDay(costs);
  const amount = (value: number) => money(value * 1_000_000, currency);
  if (components.length === 0) return <p className="muted">No cost in this time.</p>;
  return (
    <figure aria-label={`Cost by day and component: ${components.join(', ')}`}>
      <ResponsiveContainer width="100%" height={220}>
        <BarChart data={days} margin={{ top: 4, right: 4, bottom: 0, left: 8 }}>
          <CartesianGrid vertical={false} stroke="var(--line)" />
          <XAxis dataKey="day" tickLine={false} axisLine={false} tick={{ fill: 'var(--muted)', fontSize: 12 }} />
          <YAxis
            width={84}
            tickLine={false}
            axisLine={false}
            tick={{ fill: 'var(--muted)', fontSize: 12 }}
            tickFormatter={(value: number) => amount(value)}
          />
          <Tooltip
            cursor={{ fill: 'var(--sunken)' }}
            isAnimationActive={false}
            contentStyle={{ background: 'var(--surface)', border: '1px solid var(--line)', borderRadius: 8 }}
            formatter={(value) => amount(Number(value))}
          />
          {components.map((component) => (
            <Bar
              key={component}
              dataKey={component}
              name={wordsOf(component)}
              stackId="cost"
              isAnimationActive={false}
              maxBarSize={48}
              fill={colorOf(component)}
            />
          ))}
        </BarChart>
      </ResponsiveContainer>
      <figcaption className="legend">
        {components.map((component) => (
          <span key={component}>
            <i style={{ background: colorOf(component) }} />
            {wordsOf(component)}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}
