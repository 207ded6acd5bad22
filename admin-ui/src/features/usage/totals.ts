import type { Bucket, CostResult, UsageResult } from '../../api/types';

export interface Totals {
  requests: number;
  inputTokens: number;
  cachedTokens: number;
  outputTokens: number;
  costMicros: number;
  currency: string;
}

export function totals(usage: Bucket<UsageResult>[] | undefined, costs: Bucket<CostResult>[] | undefined): Totals {
  const sum: Totals = { requests: 0, inputTokens: 0, cachedTokens: 0, outputTokens: 0, costMicros: 0, currency: 'USD' };
  for (const result of usage?.flatMap((bucket) => bucket.results) ?? []) add(sum, result);
  for (const { amount } of costs?.flatMap((bucket) => bucket.results) ?? []) {
    sum.costMicros += Math.round(amount.value * 1_000_000);
    sum.currency = amount.currency;
  }
  return sum;
}

function add(sum: Totals, result: UsageResult) {
  sum.requests += result.num_model_requests;
  sum.inputTokens += result.input_tokens;
  sum.cachedTokens += result.input_cached_tokens;
  sum.outputTokens += result.output_tokens;
}

/** Sums of the whole time by what the report was grouped by, busiest first. */
export function byGroup(usage: Bucket<UsageResult>[], key: 'model' | 'project_id'): (Totals & { name: string })[] {
  const groups = new Map<string, Totals & { name: string }>();
  for (const result of usage.flatMap((bucket) => bucket.results)) {
    const name = result[key] ?? 'unknown';
    const group = groups.get(name) ?? { name, ...totals([], []) };
    add(group, result);
    groups.set(name, group);
  }
  return [...groups.values()].sort((a, b) => b.inputTokens + b.outputTokens - (a.inputTokens + a.outputTokens));
}

export interface Day {
  day: string;
  [component: string]: number | string;
}

/** One entry a day with the cost of each component, in units of the currency. */
export function costByDay(costs: Bucket<CostResult>[]): { days: Day[]; components: string[] } {
  const components = new Set<string>();
  const days = costs.map((bucket) => {
    const day: Day = { day: new Date(bucket.start_time * 1000).toISOString().slice(5, 10) };
    for (const result of bucket.results) {
      if (result.amount.value === 0) continue;
      const component = result.line_item ?? 'all';
      components.add(component);
      day[component] = Number(day[component] ?? 0) + result.amount.value;
    }
    return day;
  });
  // An area needs a value on every day.
  for (const day of days) for (const component of components) day[component] ??= 0;
  return { days, components: [...components].sort() };
}

export interface Line extends Totals {
  model: string;
  tenant: string;
}

/** One line a model and tenant over the whole time, from reports grouped by both. */
export function byModelAndTenant(usage: Bucket<UsageResult>[], costs: Bucket<CostResult>[]): Line[] {
  const lines = new Map<string, Line>();
  const line = (model: string | null, tenant: string | null) => {
    const key = `${model}\n${tenant}`;
    const found = lines.get(key) ?? { model: model ?? '–', tenant: tenant ?? '–', ...totals([], []) };
    lines.set(key, found);
    return found;
  };
  for (const result of usage.flatMap((bucket) => bucket.results)) add(line(result.model, result.project_id), result);
  for (const { model, project_id, amount } of costs.flatMap((bucket) => bucket.results)) {
    const found = line(model, project_id);
    found.costMicros += Math.round(amount.value * 1_000_000);
    found.currency = amount.currency;
  }
  return [...lines.values()];
}
