import { Area, AreaChart, Bar, BarChart, CartesianGrid, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';

export interface DayRow {
  day: string;
  [series: string]: number | string;
}

export interface Series {
  key: string;
  name: string;
  color: string;
}

interface Props {
  days: DayRow[];
  series: Series[];
  /** Read out instead of the picture. */
  label: string;
  format: (value: number) => string;
}

/** Days with stacked series: an area, or bars where there are too few days for one. Loaded with the chart library. */
export default function DayChart({ days, series, label, format }: Props) {
  const axes = [
    <CartesianGrid key="grid" vertical={false} stroke="var(--line)" />,
    <XAxis key="x" dataKey="day" tickLine={false} axisLine={false} tick={tick} minTickGap={16} />,
    <YAxis key="y" width={84} tickLine={false} axisLine={false} tick={tick} tickFormatter={format} />,
    <Tooltip
      key="tip"
      cursor={{ fill: 'var(--sunken)', stroke: 'var(--line-strong)' }}
      isAnimationActive={false}
      contentStyle={{ background: 'var(--surface)', border: '1px solid var(--line)', borderRadius: 8 }}
      formatter={(value) => format(Number(value))}
    />,
  ];
  const shared = { data: days, margin: { top: 4, right: 4, bottom: 0, left: 8 }, accessibilityLayer: true };
  return (
    <figure aria-label={label}>
      <ResponsiveContainer width="100%" height={220}>
        {days.length > 3 ? (
          <AreaChart {...shared}>
            {axes}
            {series.map(({ key, name, color }) => (
              <Area
                key={key}
                dataKey={key}
                name={name}
                stackId="all"
                isAnimationActive={false}
                stroke={color}
                fill={color}
                fillOpacity={0.7}
              />
            ))}
          </AreaChart>
        ) : (
          <BarChart {...shared}>
            {axes}
            {series.map(({ key, name, color }) => (
              <Bar
                key={key}
                dataKey={key}
                name={name}
                stackId="all"
                isAnimationActive={false}
                maxBarSize={48}
                fill={color}
              />
            ))}
          </BarChart>
        )}
      </ResponsiveContainer>
      <figcaption className="legend">
        {series.map(({ key, name, color }) => (
          <span key={key}>
            <i style={{ background: color }} />
            {name}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}

const tick = { fill: 'var(--muted)', fontSize: 12 };
