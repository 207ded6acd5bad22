import { expect, it } from 'vitest';
import type { Bucket, CostResult, UsageResult } from '../../api/types';
import { csv, usageRows } from './csv';

it('fields with commas, quotes and lines are quoted, and no text becomes a formula', () => {
  expect(csv([['a,b', 'say "x"', 'two\nlines', 3, '=1+1']])).toBe('"a,b","say ""x""","two\nlines",3,\'=1+1\r\n');
});

it('a line is a day, a tenant and a model with its own cost', () => {
  const used = {
    project_id: 't',
    model: 'triage@1',
    num_model_requests: 2,
    input_tokens: 9,
    input_cached_tokens: 4,
    output_tokens: 3,
  };
  const usage = [
    { start_time: 0, end_time: 86_400, results: [used as unknown as UsageResult] },
  ] satisfies Bucket<UsageResult>[];
  const costs = [
    {
      start_time: 0,
      end_time: 86_400,
      results: [
        { project_id: 't', model: 'triage@1', amount: { value: 0.5, currency: 'USD' } } as unknown as CostResult,
      ],
    },
  ] satisfies Bucket<CostResult>[];
  expect(usageRows(usage, costs)[1]).toEqual(['1970-01-01', 't', 'triage@1', 2, 9, 4, 3, 0.5, 'USD']);
  expect(usageRows(usage, [])[1]?.at(-1)).toBe('');
});
