import { expect, it } from 'vitest';
import type { Bucket, CostResult, UsageResult } from '../../api/types';
import { byGroup, costByDay, totals } from './totals';

const nobody = { project_id: null, user_id: null, api_key_id: null };
const used = (model: string, input: number, cached: number, output: number, requests: number): UsageResult => ({
  object: 'organization.usage.completions.result',
  input_tokens: input,
  input_cached_tokens: cached,
  input_uncached_tokens: input - cached,
  output_tokens: output,
  num_model_requests: requests,
  model,
  ...nobody,
  batch: null,
  service_tier: null,
});
const cost = (line_item: string, value: number): CostResult => ({
  object: 'organization.costs.result',
  amount: { value, currency: 'eur' },
  line_item,
  project_id: null,
  api_key_id: null,
  quantity: null,
  quantity_unit: null,
  model: null,
});

const usage: Bucket<UsageResult>[] = [
  { start_time: 0, end_time: 86400, results: [used('triage@1', 10, 4, 2, 1), used('base', 100, 0, 20, 3)] },
  { start_time: 86400, end_time: 172800, results: [used('triage@1', 5, 0, 1, 1)] },
];
const costs: Bucket<CostResult>[] = [
  { start_time: 0, end_time: 86400, results: [cost('input', 0.000012), cost('output', 0.000008)] },
  { start_time: 86400, end_time: 172800, results: [] },
];

it('adds up requests, tokens and micros', () => {
  expect(totals(usage, costs)).toEqual({
    requests: 5,
    inputTokens: 115,
    cachedTokens: 4,
    outputTokens: 23,
    costMicros: 20,
    currency: 'eur',
  });
});

it('puts the busiest first', () => {
  expect(byGroup(usage, 'model').map((group) => [group.name, group.requests])).toEqual([
    ['base', 3],
    ['triage@1', 2],
  ]);
});

it('keeps empty days', () => {
  const { days, components } = costByDay(costs);
  expect(components).toEqual(['input', 'output']);
  expect(days).toEqual([
    { day: '01-01', input: 0.000012, output: 0.000008 },
    { day: '01-02', input: 0, output: 0 },
  ]);
});
