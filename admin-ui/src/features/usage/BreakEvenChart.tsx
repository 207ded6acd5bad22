import { CartesianGrid, Line, LineChart, ReferenceLine, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import type { BreakEven } from '../../api/types';
import { compact, count, money } from '../../app/format';
import { curve, REFERENCE } from './breakEven';

/** The tenant's two lines and the rule of thumb, dotted; where they cross, and where the tenant stands. */
export default function BreakEvenChart({ even }: { even: BreakEven }) {
  const amount = (micros: number) => money(Math.round(micros), even.currency);
  const meeting = even.break_even_queries_per_month;
  const mine = even.inputs.queries_per_month ?? 0;
  return (
    <figure aria-label="Cost a month of passages and of an adapter against queries a month">
      <ResponsiveContainer width="100%" height={280}>
        <LineChart data={curve(even)} margin={{ top: 20, right: 16, bottom: 4, left: 8 }}>
          <CartesianGrid vertical={false} stroke="var(--line)" />
          <XAxis
            dataKey="queries"
            type="number"
            domain={[0, 'dataMax']}
            tickLine={false}
            axisLine={false}
            tick={tick}
            tickFormatter={(value: number) => compact(value)}
          />
          <YAxis width={84} tickLine={false} axisLine={false} tick={tick} tickFormatter={amount} />
          <Tooltip
            isAnimationActive={false}
            contentStyle={{ background: 'var(--surface)', border: '1px solid var(--line)', borderRadius: 8 }}
            labelFormatter={(value) => `${count(Math.round(Number(value)))} queries a month`}
            formatter={(value) => amount(Number(value))}
          />
          {meeting === null ? null : (
            <ReferenceLine x={meeting} stroke="var(--line-strong)" label={{ ...text, value: 'break-even' }} />
          )}
          {mine > 0 ? (
            <ReferenceLine
              x={mine}
              stroke="var(--accent)"
              label={{ ...text, value: 'you', position: 'insideTopLeft', offset: 8 }}
            />
          ) : null}
          <Line {...line} dataKey="retrieval" name="passages in the prompt" stroke="var(--chart-4)" />
          <Line {...line} dataKey="adapter" name="an adapter instead" stroke="var(--chart-1)" />
          <Line {...line} dataKey="rule" name="rule of thumb" stroke="var(--muted)" strokeDasharray="2 5" />
        </LineChart>
      </ResponsiveContainer>
      <figcaption className="legend">
        <span>
          <i style={{ background: 'var(--chart-4)' }} />
          passages in the prompt
        </span>
        <span>
          <i style={{ background: 'var(--chart-1)' }} />
          an adapter instead
        </span>
        <span>
          <i className="dotted" />
          rule of thumb: {count(REFERENCE.contextTokens)} tokens of passages at {REFERENCE.microsPerMillion / 1_000_000}{' '}
          a million
        </span>
      </figcaption>
    </figure>
  );
}

const tick = { fill: 'var(--muted)', fontSize: 12 };
const text = { position: 'top' as const, fill: 'var(--muted)', fontSize: 12 };
const line = { type: 'linear' as const, dot: false, strokeWidth: 2, isAnimationActive: false };
