/** A line of recent readings; the figure above it says the last one. */
export function Sparkline({ values, label }: { values: number[]; label: string }) {
  if (values.length < 2) return <svg className="spark" viewBox="0 0 100 28" aria-hidden />;
  const most = Math.max(1, ...values);
  const points = values.map((value, at) => `${(100 * at) / (values.length - 1)},${26 - (24 * value) / most}`).join(' ');
  return (
    <svg className="spark" viewBox="0 0 100 28" preserveAspectRatio="none" role="img" aria-label={label}>
      <polyline
        points={points}
        fill="none"
        stroke="var(--accent)"
        strokeWidth={1.5}
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  );
}
