import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { tenantsQuery } from '../../api/queries';
import type { MarginAccount } from '../../api/types';
import { duration, money, percent } from '../../app/format';
import { ErrorNote, SkeletonRows } from '../../components/Feedback';
import { marginQuery } from './money';

const names: Record<string, string> = { idle: 'Idle', other: 'Other work', total: 'Total' };

/** What the engine's time and the storage cost beside what was billed for them; idle time stands by itself. */
export function MarginPanel({ days }: { days: number }) {
  const margin = useQuery(marginQuery(days));
  const tenants = useQuery(tenantsQuery).data?.data ?? [];
  if (margin.isError) return <ErrorNote error={margin.error} retry={() => margin.refetch()} />;
  const name = (one: MarginAccount) =>
    names[one.account] ?? tenants.find((tenant) => tenant.id === one.project_id)?.name ?? one.project_id ?? '–';
  const total = margin.data?.total;
  const free = total !== undefined && total.engine_cost_micros === 0 && total.engine_micros > 0;
  return (
    <>
      {margin.data ? <Time accounts={margin.data.data} name={name} /> : null}
      <section className="card" aria-labelledby="margin">
        <header>
          <h2 id="margin">Margin</h2>
          <Link className="small" to="/settings" hash="cost-book">
            Cost book
          </Link>
        </header>
        {!margin.data ? <SkeletonRows rows={3} what="the margin" /> : null}
        {free ? (
          <p className="body muted">
            The cost book says that the engine’s time costs nothing.{' '}
            <Link to="/settings" hash="cost-book">
              Say what an hour of the device costs
            </Link>
            , and the margin shows it.
          </p>
        ) : null}
        {margin.data ? (
          <div className="table-scroll">
            <table className="table">
              <thead>
                <tr>
                  <th>Account</th>
                  <th className="right">Engine time</th>
                  <th className="right">Billed</th>
                  <th className="right">Engine cost</th>
                  <th className="right">Storage cost</th>
                  <th className="right">Margin</th>
                </tr>
              </thead>
              <tbody>
                {[...margin.data.data, margin.data.total].map((one) => (
                  <Row key={one.account + one.project_id} one={one} name={name(one)} currency={margin.data.currency} />
                ))}
              </tbody>
            </table>
          </div>
        ) : null}
      </section>
    </>
  );
}

function Row({ one, name, currency }: { one: MarginAccount; name: string; currency: string }) {
  const total = one.account === 'total';
  return (
    <tr className={total ? 'sum' : undefined}>
      <td>{name}</td>
      <td className="right">{duration(one.engine_micros)}</td>
      <td className="right">{money(one.billed_micros, currency)}</td>
      <td className="right">{money(one.engine_cost_micros, currency)}</td>
      <td className="right">{money(one.storage_cost_micros, currency)}</td>
      <td className="right">{one.margin_micros === null ? 'another currency' : money(one.margin_micros, currency)}</td>
    </tr>
  );
}

/** The engine's time as one bar: whose it was, and how much of it was nobody's. */
function Time({ accounts, name }: { accounts: MarginAccount[]; name: (one: MarginAccount) => string }) {
  const all = accounts.reduce((sum, one) => sum + one.engine_micros, 0);
  const shown = accounts.filter((one) => one.engine_micros > 0);
  const color = (one: MarginAccount, at: number) =>
    one.account === 'idle' ? 'var(--sunken)' : `var(--chart-${(at % 8) + 1})`;
  const words = (one: MarginAccount) =>
    `${name(one)}: ${duration(one.engine_micros)}, ${percent(one.engine_micros, all)}`;
  return (
    <section className="card" aria-labelledby="engine-time">
      <header>
        <h2 id="engine-time">Engine time</h2>
        <span className="muted small num">{duration(all)} in all</span>
      </header>
      <div className="body stack tight">
        {shown.length === 0 ? <p className="muted">Not yet measured in this time.</p> : null}
        <div className="device" role="img" aria-label={shown.map(words).join('; ')}>
          {shown.map((one, at) => (
            <span
              key={one.account + one.project_id}
              title={words(one)}
              style={{ background: color(one, at), flexGrow: one.engine_micros }}
            />
          ))}
        </div>
        <div className="legend">
          {shown.map((one, at) => (
            <span key={one.account + one.project_id}>
              <i style={{ background: color(one, at), border: '1px solid var(--line)' }} />
              {words(one)}
            </span>
          ))}
        </div>
      </div>
    </section>
  );
}
