import { queryOptions, useQuery } from '@tanstack/react-query';
import { get } from '../../api/client';
import { costsQuery } from '../../api/queries';
import type { Advice, BreakEven, CostBook, Margin } from '../../api/types';
import { totals } from './totals';

/** What a person can tell the reckoning; what is absent comes from the meters and the price book. */
export interface Assumptions {
  context_tokens?: number | undefined;
  queries_per_month?: number | undefined;
  training_micros?: number | undefined;
  data_preparation_micros?: number | undefined;
  evaluation_micros?: number | undefined;
  retrainings_per_month?: number | undefined;
}

function parameters(tenant: string | undefined, days: number, assumptions: Assumptions): URLSearchParams {
  const found = new URLSearchParams({ days: String(days) });
  if (tenant) found.set('tenant_id', tenant);
  for (const [key, value] of Object.entries(assumptions) as [string, number | undefined][])
    if (value !== undefined) found.set(key, String(value));
  return found;
}

export const breakEvenQuery = (tenant: string | undefined, days: number, assumptions: Assumptions) =>
  queryOptions({
    queryKey: ['break-even', tenant, days, assumptions],
    queryFn: ({ signal }) =>
      get<BreakEven>(`/admin/v1/costs/breakeven?${parameters(tenant, days, assumptions)}`, signal),
    placeholderData: (before) => before,
  });

export const adviceQuery = (tenant: string | undefined, days: number) =>
  queryOptions({
    queryKey: ['advice', tenant, days],
    queryFn: ({ signal }) => get<Advice>(`/admin/v1/advice?${parameters(tenant, days, {})}`, signal),
  });

export const marginQuery = (days: number) =>
  queryOptions({
    queryKey: ['margin', days],
    queryFn: ({ signal }) => get<Margin>(`/admin/v1/costs/margin?start_time=${startOf(days)}`, signal),
  });

export const costBookQuery = queryOptions({
  queryKey: ['cost-book'],
  queryFn: ({ signal }) => get<CostBook>('/admin/v1/costs/book', signal),
});

/** The first second of so many days, today included, in UTC as the ledger counts them. */
export function startOf(days: number): number {
  const day = 86_400;
  return (Math.floor(Date.now() / 1000 / day) - (days - 1)) * day;
}

/** Of the prices that were paid; every report is in one currency. */
export function useCurrency(): string {
  return totals([], useQuery(costsQuery(1)).data).currency;
}
