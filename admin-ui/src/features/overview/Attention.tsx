import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { CircleCheck } from 'lucide-react';
import type { ReactNode } from 'react';
import { auditQuery, budgetsQuery, storesQuery } from '../../api/queries';
import type { AuditEntry, BudgetState, EngineState } from '../../api/types';
import { money, plural } from '../../app/format';
import { useMay } from '../../app/session';
import { budgetLooks, budgetPercent } from '../tenants/budget';

/** What somebody should look at, or that there is nothing. */
export function Attention({ engine, currency }: { engine: EngineState | undefined; currency: string }) {
  const stores = useQuery({ ...storesQuery, enabled: useMay('knowledge') });
  const budgets = useQuery({ ...budgetsQuery(), refetchInterval: 10_000 });
  const refused = useQuery({
    ...auditQuery({}, { q: 'adapter.refuse' }),
    enabled: useMay('admin'),
    refetchInterval: 30_000,
  });
  const now = refused.dataUpdatedAt / 1000;
  const matters: { key: string; tone: 'bad' | 'look'; text: ReactNode }[] = [];
  if (engine && !engine.healthy)
    matters.push({ key: 'engine', tone: 'bad', text: 'The engine has stopped. The server’s log says why.' });
  if (engine && engine.waiting > 0 && engine.kv_blocks.free - engine.kv_blocks.cached === 0) {
    const text = `${plural(engine.waiting, 'request')} wait for KV memory: give it more, or let fewer run at a time.`;
    matters.push({ key: 'kv', tone: 'look', text });
  }
  for (const one of budgets.data?.data ?? []) {
    if (!budgetLooks(one)) continue;
    matters.push({
      key: one.tenant_id,
      tone: budgetPercent(one) >= 100 ? 'bad' : 'look',
      text: <Budget one={one} currency={currency} />,
    });
  }
  const refusals = (refused.data?.data ?? []).filter((one) => isRecent(one, now));
  if (refusals[0]) {
    matters.push({ key: 'refused', tone: 'look', text: <Refused newest={refusals[0]} count={refusals.length} /> });
  }
  for (const store of stores.data?.data ?? []) {
    if (store.file_counts.failed === 0) continue;
    matters.push({
      key: store.id,
      tone: 'look',
      text: (
        <>
          {plural(store.file_counts.failed, 'document')} in{' '}
          <Link to="/knowledge/$store" params={{ store: store.id }}>
            {store.name || store.id}
          </Link>{' '}
          could not be read. The store’s page says why.
        </>
      ),
    });
  }
  return (
    <section className="card" aria-labelledby="attention">
      <header>
        <h2 id="attention">Needs attention</h2>
        <span className="muted small num">{matters.length === 0 ? '' : matters.length}</span>
      </header>
      <ul className="body checks">
        {matters.map((one) => (
          <li key={one.key}>
            <span className={`dot ${one.tone}`} style={{ marginTop: 6 }} /> <span>{one.text}</span>
          </li>
        ))}
        {matters.length === 0 ? (
          <li className="muted">
            <CircleCheck className="ok" aria-hidden /> Nothing: no failed document, no budget near its end.
          </li>
        ) : null}
      </ul>
    </section>
  );
}

const DAY_SECONDS = 86_400;

function isRecent(entry: AuditEntry, now: number): boolean {
  return now - entry.created_at < DAY_SECONDS;
}

/** Somebody is stuck with an upload: the newest reason, and how many there were. */
function Refused({ newest, count }: { newest: AuditEntry; count: number }) {
  const reason = (newest.details as { reason?: string } | null)?.reason ?? '';
  return (
    <>
      {plural(count, 'upload')} refused since yesterday; the newest is <code>{newest.object_id}</code>: {reason}{' '}
      <Link to="/settings" search={{ q: 'adapter.refuse' }}>
        All of them
      </Link>
    </>
  );
}

function Budget({ one, currency }: { one: BudgetState; currency: string }) {
  const admin = useMay('admin');
  const name = one.tenant_name || one.tenant_id;
  return (
    <>
      {admin ? (
        <Link to="/tenants/$tenant" params={{ tenant: one.tenant_id }}>
          {name}
        </Link>
      ) : (
        name
      )}{' '}
      has used {budgetPercent(one)} % of its budget: {money(one.spent_micros + one.held_micros, currency)} of{' '}
      {money(one.amount_micros, currency)} {one.period === 'total' ? 'in all' : `this ${one.period}`}.
    </>
  );
}
