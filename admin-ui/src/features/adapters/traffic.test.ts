import { describe, expect, it } from 'vitest';
import type { Bucket, CostResult, UsageResult } from '../../api/types';
import { adapterOf, requestsAnHour, requestsByDay, trafficOf, versionTraffic } from './traffic';

const use = (model: string, requests: number): UsageResult => ({
  object: 'organization.usage.completions.result',
  input_tokens: 10 * requests,
  input_cached_tokens: 0,
  input_uncached_tokens: 10 * requests,
  output_tokens: requests,
  num_model_requests: requests,
  project_id: null,
  user_id: null,
  api_key_id: null,
  model,
  batch: null,
  service_tier: null,
});
const cost = (model: string, value: number): CostResult => ({
  object: 'organization.costs.result',
  amount: { value, currency: 'EUR' },
  line_item: null,
  project_id: null,
  api_key_id: null,
  quantity: null,
  quantity_unit: null,
  model,
});
const bucket = <T>(...results: T[]): Bucket<T>[] => [{ start_time: 0, end_time: 1, results }];

describe('traffic', () => {
  it('of an adapter is that of all its versions', () => {
    const all = trafficOf(
      bucket(use('triage@1', 2), use('triage@2', 3), use('base', 1)),
      bucket(cost('triage@2', 0.5)),
    );
    expect(all.get('triage')).toEqual({
      requests: 5,
      inputTokens: 50,
      outputTokens: 5,
      costMicros: 500_000,
      currency: 'EUR',
    });
    expect(all.get('base')?.requests).toBe(1);
  });

  it('of versions is kept apart', () => {
    const all = versionTraffic(bucket(use('triage@1', 2), use('triage@2', 3)), []);
    expect([...all.keys()]).toEqual(['triage@1', 'triage@2']);
  });

  it('names an adapter by what stands before the last @', () => {
    expect(adapterOf('triage@12')).toBe('triage');
    expect(adapterOf('SmolLM2')).toBe('SmolLM2');
    expect(adapterOf(null)).toBe('');
  });

  it('by day keeps days without a request, so that a gap is seen', () => {
    const { days, series } = requestsByDay([...bucket(use('a@1', 2)), ...bucket<UsageResult>()]);
    expect(series).toEqual(['a@1']);
    expect(days.map((day) => day['a@1'])).toEqual([2, 0]);
  });

  it('an hour counts the time that has passed', () => {
    expect(requestsAnHour(bucket(use('a@1', 12)), 6 * 3600)).toBe(2);
    expect(requestsAnHour(bucket(use('a@1', 12)), 60)).toBe(12);
    expect(requestsAnHour([], 100)).toBe(0);
  });
});
