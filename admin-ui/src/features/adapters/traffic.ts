import type { Bucket, CostResult, UsageResult } from '../../api/types';

/** What an adapter did in a time, all its versions together. */
export interface Traffic {
  requests: number;
  inputTokens: number;
  outputTokens: number;
  costMicros: number;
  currency: string;
}

const nothing = (): Traffic => ({ requests: 0, inputTokens: 0, outputTokens: 0, costMicros: 0, currency: 'USD' });

/** `triage@3` is triage; a base model is its own name. */
export function adapterOf(model: string | null): string {
  const name = model ?? '';
  const at = name.lastIndexOf('@');
  return at > 0 ? name.slice(0, at) : name;
}

/** By adapter, from reports grouped by model. */
export function trafficOf(usage: Bucket<UsageResult>[], costs: Bucket<CostResult>[]): Map<string, Traffic> {
  return summed(usage, costs, adapterOf);
}

/** By version, `triage@3`. */
export function versionTraffic(usage: Bucket<UsageResult>[], costs: Bucket<CostResult>[]): Map<string, Traffic> {
  return summed(usage, costs, (model) => model ?? '');
}

function summed(
  usage: Bucket<UsageResult>[],
  costs: Bucket<CostResult>[],
  nameOf: (model: string | null) => string,
): Map<string, Traffic> {
  const sums = new Map<string, Traffic>();
  const of = (model: string | null) => {
    const name = nameOf(model);
    const sum = sums.get(name) ?? nothing();
    sums.set(name, sum);
    return sum;
  };
  for (const result of usage.flatMap((bucket) => bucket.results)) {
    const sum = of(result.model);
    sum.requests += result.num_model_requests;
    sum.inputTokens += result.input_tokens;
    sum.outputTokens += result.output_tokens;
  }
  for (const { model, amount } of costs.flatMap((bucket) => bucket.results)) {
    const sum = of(model);
    sum.costMicros += Math.round(amount.value * 1_000_000);
    sum.currency = amount.currency;
  }
  return sums;
}

export interface RequestDay {
  day: string;
  [model: string]: number | string;
}

/** One entry a day with the requests of each version; days without any stay, so that a gap is seen. */
export function requestsByDay(usage: Bucket<UsageResult>[]): { days: RequestDay[]; series: string[] } {
  const series = [...new Set(usage.flatMap((bucket) => bucket.results).map((one) => one.model ?? ''))].sort();
  const days = usage.map((bucket) => {
    const day: RequestDay = { day: new Date(bucket.start_time * 1000).toISOString().slice(5, 10) };
    for (const name of series) day[name] = 0;
    for (const one of bucket.results) day[one.model ?? ''] = Number(day[one.model ?? '']) + one.num_model_requests;
    return day;
  });
  return { days, series };
}

/** Requests an hour over the buckets so far; the last one has only run for a part of its day. */
export function requestsAnHour(usage: Bucket<UsageResult>[], nowSeconds: number): number {
  const first = usage[0];
  if (!first) return 0;
  const requests = usage.flatMap((bucket) => bucket.results).reduce((sum, one) => sum + one.num_model_requests, 0);
  return requests / Math.max(1, (nowSeconds - first.start_time) / 3600);
}
