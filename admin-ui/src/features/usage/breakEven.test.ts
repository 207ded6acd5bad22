import { describe, expect, it } from 'vitest';
import type { BreakEven } from '../../api/types';
import { curve, finding, referenceQueries } from './breakEven';

const even = (queries: number, meeting: number | null): BreakEven => ({
  object: 'costs.breakeven',
  tenant_id: null,
  days: 30,
  currency: 'USD',
  formula: '',
  inputs: { queries_per_month: queries, retrieval_micros_per_query: 100, adapter_micros_per_query: 0 },
  context_micros_per_query: 400,
  context_micros_per_month: 400 * queries,
  saved_micros_per_query: 500,
  fixed_micros: 150_000_000,
  break_even_queries_per_month: meeting,
  adapter_pays_off: meeting !== null && queries >= meeting,
});
const money = (micros: number) => `$${micros / 1_000_000}`;

describe('the break-even', () => {
  it('is where the two lines of the curve meet', () => {
    const points = curve(even(400_000, 300_000));
    const after = points.findIndex((point) => point.retrieval > point.adapter);
    expect(points[after - 1]?.queries).toBeLessThanOrEqual(300_000);
    expect(points[after]?.queries).toBeGreaterThan(300_000);
    expect(points.at(-1)?.queries).toBeGreaterThanOrEqual(400_000);
  });

  it('of the known fixture: 8,750 a month at ten million queries', () => {
    const points = curve(even(10_000_000, 300_000));
    const last = points.at(-1);
    expect((last?.rule ?? 0) / (last?.queries ?? 1)).toBeCloseTo(875, 6);
    expect(Math.round(referenceQueries())).toBe(171_429);
  });

  it('is said in a sentence for each of its outcomes', () => {
    expect(finding(even(400_000, 300_000), money, String)).toContain('from 300000 queries on: it pays');
    expect(finding(even(100, 300_000), money, String)).toContain('not yet');
    expect(finding(even(100, null), money, String)).toContain('would save nothing');
    expect(finding(even(0, null), money, String)).toContain('nothing to save yet');
  });
});
