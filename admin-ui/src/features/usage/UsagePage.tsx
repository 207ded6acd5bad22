import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { tenantsQuery } from '../../api/queries';
import type { UsageView } from '../../app/router';
import { useMay } from '../../app/session';
import { PageHead } from '../../components/PageHead';
import { Tabs } from '../../components/Tabs';
import { AdvicePanel } from './AdvicePanel';
import { BreakEvenPanel } from './BreakEvenPanel';
import { MarginPanel } from './MarginPanel';
import { UsageReport } from './UsageReport';

const ranges = [1, 7, 30, 90];

const views: readonly { key: UsageView | 'report'; label: string }[] = [
  { key: 'report', label: 'Usage and cost' },
  { key: 'break-even', label: 'Break-even' },
  { key: 'advice', label: 'Advice' },
  { key: 'margin', label: 'Margin' },
];

/** Where tokens and money went, and what that says; range, view and tenant are in the address. */
export function UsagePage() {
  const navigate = useNavigate();
  const admin = useMay('admin');
  const search = useSearch({ from: '/app/usage' });
  const { view = 'report', tenant } = search;
  const days = search.days ?? (view === 'report' ? 7 : 30);
  const go = (next: typeof search) =>
    void navigate({ to: '/usage', search: { ...search, ...next }, resetScroll: false });
  return (
    <main className="page">
      <PageHead
        title="Usage"
        actions={
          <>
            {admin && (view === 'break-even' || view === 'advice') ? (
              <TenantChoice tenant={tenant} choose={(one) => go({ tenant: one })} />
            ) : null}
            <div className="segments" role="group" aria-label="Range">
              {ranges.map((range) => (
                <button key={range} type="button" aria-pressed={range === days} onClick={() => go({ days: range })}>
                  {range === 1 ? 'Today' : `${range} days`}
                </button>
              ))}
            </div>
          </>
        }
      >
        <p>Every token is in the ledger before it is sent; days are in UTC.</p>
      </PageHead>
      <Tabs
        label="Views"
        tabs={views.filter((one) => one.key !== 'margin' || admin)}
        open={view}
        choose={(key) => go({ view: key === 'report' ? undefined : key })}
      >
        {view === 'report' ? <UsageReport days={days} /> : null}
        {view === 'break-even' ? <BreakEvenPanel tenant={tenant} days={days} /> : null}
        {view === 'advice' ? <AdvicePanel tenant={tenant} days={days} /> : null}
        {view === 'margin' ? <MarginPanel days={days} /> : null}
      </Tabs>
    </main>
  );
}

function TenantChoice({
  tenant,
  choose,
}: {
  tenant: string | undefined;
  choose: (tenant: string | undefined) => void;
}) {
  const tenants = useQuery(tenantsQuery).data?.data ?? [];
  return (
    <select
      className="input"
      style={{ width: 'auto' }}
      aria-label="Tenant"
      value={tenant ?? ''}
      onChange={(event) => choose(event.target.value || undefined)}
    >
      <option value="">all tenants</option>
      {tenants.map((one) => (
        <option key={one.id} value={one.id}>
          {one.name}
        </option>
      ))}
    </select>
  );
}
