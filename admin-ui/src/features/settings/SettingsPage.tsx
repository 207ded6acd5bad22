import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { mayDo, sessionQuery } from '../../app/session';
import { chooseTheme, useTheme, type Theme } from '../../app/theme';
import { AuditTable } from '../../components/AuditTable';
import { PageHead } from '../../components/PageHead';
import { ShadowConsent } from '../tenants/ShadowConsent';
import { CostBookCard } from './CostBookCard';
import { PriceBookCard } from './PriceBookCard';

export function SettingsPage() {
  const session = useQuery(sessionQuery).data;
  const navigate = useNavigate();
  const search = useSearch({ from: '/app/settings' });
  const admin = mayDo(session, 'admin');
  return (
    <main className="page">
      <PageHead title="Settings">
        <p>What this browser remembers{admin ? ', prices, and who did what' : ''}.</p>
      </PageHead>
      <section className="card" aria-labelledby="you">
        <header>
          <h2 id="you">You</h2>
        </header>
        <div className="body stack">
          <dl className="facts">
            <dt>Tenant</dt>
            <dd>{session?.tenant.name}</dd>
            <dt>Key</dt>
            <dd>
              <code>{session?.key_id}</code>
            </dd>
            <dt>May</dt>
            <dd>{session?.scopes.join(', ')}</dd>
          </dl>
          {session && mayDo(session, 'adapters') ? <ShadowConsent tenant={session.tenant.id} /> : null}
          <ThemeChoice />
        </div>
      </section>
      {admin ? (
        <>
          <PriceBookCard />
          <CostBookCard />
          <AuditTable
            search={search}
            change={(next) => void navigate({ to: '/settings', search: next, resetScroll: false })}
          />
        </>
      ) : null}
    </main>
  );
}

const themes: [Theme, string][] = [
  ['system', 'As the system'],
  ['light', 'Light'],
  ['dark', 'Dark'],
];

function ThemeChoice() {
  const theme = useTheme();
  return (
    <div className="field">
      <span className="label">Theme</span>
      <div className="segments" role="group" aria-label="Theme" style={{ alignSelf: 'flex-start' }}>
        {themes.map(([value, label]) => (
          <button key={value} type="button" aria-pressed={theme === value} onClick={() => chooseTheme(value)}>
            {label}
          </button>
        ))}
      </div>
    </div>
  );
}
