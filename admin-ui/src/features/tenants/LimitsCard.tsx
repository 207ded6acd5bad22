import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { send } from '../../api/client';
import { budgetsQuery, limitsQuery } from '../../api/queries';
import type { Budget, Limits } from '../../api/types';
import { Button } from '../../components/Button';
import { ErrorNote, SkeletonRows } from '../../components/Feedback';
import { toast } from '../../components/Toasts';
import { BudgetBar } from './BudgetBar';

const fields = [
  ['requests_per_minute', 'Requests a minute'],
  ['tokens_per_minute', 'Tokens a minute'],
  ['max_parallel_requests', 'Requests at a time'],
  ['storage_bytes', 'Storage, bytes'],
  ['max_adapters', 'Adapters'],
] as const;

export function LimitsCard({ tenant }: { tenant: string }) {
  const limits = useQuery(limitsQuery(tenant));
  const budget = useQuery(budgetsQuery(tenant)).data?.data[0];
  return (
    <section className="card" aria-labelledby="limits">
      <header>
        <h2 id="limits">Limits and budget</h2>
        <span className="muted small">empty means none</span>
      </header>
      {budget ? (
        <div className="body" style={{ paddingBottom: 0 }}>
          <BudgetBar budget={budget} words />
        </div>
      ) : null}
      {limits.isPending ? <SkeletonRows rows={3} what="limits" /> : null}
      {limits.isError ? (
        <div className="body">
          <ErrorNote error={limits.error} retry={() => limits.refetch()} />
        </div>
      ) : null}
      {limits.data ? <LimitsForm key={limits.dataUpdatedAt} tenant={tenant} limits={limits.data} /> : null}
    </section>
  );
}

function LimitsForm({ tenant, limits }: { tenant: string; limits: Limits }) {
  const queries = useQueryClient();
  const [draft, setDraft] = useState(limits);
  const save = useMutation({
    mutationFn: () => send<Limits>('PUT', `/admin/v1/tenants/${encodeURIComponent(tenant)}/limits`, draft),
    onSuccess: (saved) => {
      queries.setQueryData(limitsQuery(tenant).queryKey, saved);
      void queries.invalidateQueries({ queryKey: ['budgets'] });
      toast('The limits are in force.', async () => {
        const before = await send<Limits>('PUT', `/admin/v1/tenants/${encodeURIComponent(tenant)}/limits`, limits);
        queries.setQueryData(limitsQuery(tenant).queryKey, before);
        await queries.invalidateQueries({ queryKey: ['budgets'] });
      });
    },
  });
  const number = (value: string) => (value === '' ? null : Math.max(0, Math.round(Number(value))));
  const budget = (change: Partial<Budget> | null) =>
    setDraft({
      ...draft,
      budget: change === null ? null : { amount_micros: 0, period: 'month', ...draft.budget, ...change },
    });
  return (
    <form
      className="body stack"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <div style={{ display: 'grid', gap: 12, gridTemplateColumns: 'repeat(auto-fit, minmax(150px, 1fr))' }}>
        {fields.map(([key, label]) => (
          <div key={key} className="field">
            <label htmlFor={key}>{label}</label>
            <input
              id={key}
              className="input num"
              type="number"
              min={0}
              placeholder="none"
              value={draft[key] ?? ''}
              onChange={(event) => setDraft({ ...draft, [key]: number(event.target.value) })}
            />
          </div>
        ))}
        <div className="field">
          <label htmlFor="budget">Budget, currency units</label>
          <input
            id="budget"
            className="input num"
            type="number"
            min={0}
            step="any"
            placeholder="none"
            value={draft.budget ? draft.budget.amount_micros / 1_000_000 : ''}
            onChange={(event) =>
              budget(
                event.target.value === ''
                  ? null
                  : { amount_micros: Math.round(Number(event.target.value) * 1_000_000) },
              )
            }
          />
        </div>
        <div className="field">
          <label htmlFor="period">Budget period</label>
          <select
            id="period"
            className="input"
            value={draft.budget?.period ?? 'month'}
            disabled={!draft.budget}
            onChange={(event) => budget({ period: event.target.value as Budget['period'] })}
          >
            <option value="day">day</option>
            <option value="month">month</option>
            <option value="total">total</option>
          </select>
        </div>
      </div>
      {save.isError ? <ErrorNote error={save.error} /> : null}
      <div>
        <Button type="submit" disabled={save.isPending}>
          {save.isPending ? 'Saving…' : 'Save limits'}
        </Button>
      </div>
    </form>
  );
}
