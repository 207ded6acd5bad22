import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import type { BreakEven } from '../../api/types';
import { count, money } from '../../app/format';
import { ErrorNote, Note, Skeleton } from '../../components/Feedback';
import { Field } from '../../components/Field';
import { Figure } from '../../components/Figure';
import { finding } from './breakEven';
import { breakEvenQuery, type Assumptions } from './money';

/** Loaded with the chart library, on this view alone. */
const BreakEvenChart = lazy(() => import('./BreakEvenChart'));

interface Props {
  tenant: string | undefined;
  days: number;
}

/** Passages in every prompt, or an adapter that needs none: by this tenant's own meters, and by what is said here. */
export function BreakEvenPanel({ tenant, days }: Props) {
  const [assumptions, setAssumptions] = useState<Assumptions>({});
  const even = useQuery(breakEvenQuery(tenant, days, assumptions));
  if (even.isError) return <ErrorNote error={even.error} retry={() => even.refetch()} />;
  if (!even.data) return <Skeleton height={320} />;
  const amount = (micros: number) => money(micros, even.data.currency);
  return (
    <>
      <Note tone={even.data.adapter_pays_off ? 'good' : 'plain'}>
        <p data-testid="finding">{finding(even.data, amount, count)}</p>
      </Note>
      <section className="card" aria-labelledby="curve">
        <header>
          <h2 id="curve">Cost a month against queries a month</h2>
          <span className="muted small">by the last {days === 1 ? 'day' : `${days} days`}</span>
        </header>
        <div className="body">
          <Suspense fallback={<Skeleton height={280} />}>
            <BreakEvenChart even={even.data} />
          </Suspense>
        </div>
      </section>
      <div className="figures">
        <Figure label="Passages cost an answer" value={amount(even.data.context_micros_per_query)} />
        <Figure
          label="An adapter would save"
          value={amount(even.data.saved_micros_per_query)}
          detail="of each answer"
        />
        <Figure
          label="An adapter costs first"
          value={amount(even.data.fixed_micros)}
          detail="training and what belongs to it"
        />
        <Figure
          label="They meet at"
          value={
            even.data.break_even_queries_per_month === null
              ? 'never'
              : count(Math.ceil(even.data.break_even_queries_per_month))
          }
          detail="queries a month"
        />
      </div>
      <Inputs even={even.data} assumptions={assumptions} change={setAssumptions} />
    </>
  );
}

const fields: { key: keyof Assumptions; label: string; scale: number; hint: string }[] = [
  { key: 'queries_per_month', label: 'Queries a month', scale: 1, hint: 'with passages' },
  { key: 'context_tokens', label: 'Tokens of passages', scale: 1, hint: 'in an answer’s prompt' },
  { key: 'training_micros', label: 'Training', scale: 1_000_000, hint: 'one run' },
  { key: 'data_preparation_micros', label: 'Data preparation', scale: 1_000_000, hint: 'once' },
  { key: 'evaluation_micros', label: 'Evaluation', scale: 1_000_000, hint: 'once' },
  { key: 'retrainings_per_month', label: 'Retrainings a month', scale: 1, hint: 'as often as the facts change' },
];

interface InputsProps {
  even: BreakEven;
  assumptions: Assumptions;
  change: (assumptions: Assumptions) => void;
}

/** Every figure that goes in, measured where a meter knows it; what is typed replaces it, what is emptied returns. */
function Inputs({ even, assumptions, change }: InputsProps) {
  return (
    <section className="card" aria-labelledby="inputs">
      <header>
        <h2 id="inputs">What goes in</h2>
        <span className="muted small">empty means as measured</span>
      </header>
      <div className="body stack">
        <div className="form-grid">
          {fields.map(({ key, label, scale, hint }) => {
            const used = (even.inputs[key] ?? 0) / scale;
            const mine = assumptions[key];
            const unit = scale === 1 ? '' : ` ${even.currency},`;
            return (
              <Field key={key} label={label} hint={`${unit} ${hint}`.trim()}>
                {(input) => (
                  <input
                    {...input}
                    className="input num"
                    type="number"
                    min={0}
                    step="any"
                    placeholder={String(Math.round(used * 1000) / 1000)}
                    value={mine === undefined ? '' : mine / scale}
                    onChange={(event) => {
                      const value = event.target.valueAsNumber;
                      const whole = key === 'queries_per_month' || scale > 1;
                      const wanted = whole ? Math.round(value * scale) : value;
                      change({ ...assumptions, [key]: Number.isFinite(value) && value >= 0 ? wanted : undefined });
                    }}
                  />
                )}
              </Field>
            );
          })}
        </div>
        <details>
          <summary className="small">The formula</summary>
          <p className="small mono" style={{ overflowWrap: 'anywhere', marginTop: 8 }}>
            {even.formula}
          </p>
          <dl className="facts small" style={{ marginTop: 8 }}>
            {Object.entries(even.inputs).map(([key, value]) => (
              <div key={key} style={{ display: 'contents' }}>
                <dt className="mono">{key}</dt>
                <dd className="num">{count(value)}</dd>
              </div>
            ))}
          </dl>
        </details>
      </div>
    </section>
  );
}
