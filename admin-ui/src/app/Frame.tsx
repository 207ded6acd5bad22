import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import {
  BookOpen,
  Building2,
  ChartColumn,
  Gauge,
  Layers,
  LogOut,
  MessagesSquare,
  Monitor,
  Moon,
  Search,
  Settings,
  Sun,
} from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import { lazy, Suspense, useEffect, useState } from 'react';
import { onSessionEnded } from '../api/client';
import { engineQuery, modelsQuery, readyQuery } from '../api/queries';
import { Button, IconButton } from '../components/Button';
import { Hint } from '../components/Hint';
import { Toasts } from '../components/Toasts';
import { mayDo, sessionQuery, signOut, useMay } from './session';
import { chooseTheme, useTheme, type Theme } from './theme';

/** Fetched when it is first opened. */
const CommandPalette = lazy(() => import('./CommandPalette'));

const rail = [
  { to: '/', label: 'Overview', icon: Gauge, scope: null },
  { to: '/adapters', label: 'Adapters', icon: Layers, scope: 'adapters' },
  { to: '/playground', label: 'Playground', icon: MessagesSquare, scope: 'inference' },
  { to: '/knowledge', label: 'Knowledge', icon: BookOpen, scope: 'knowledge' },
  { to: '/usage', label: 'Usage', icon: ChartColumn, scope: 'inference' },
  { to: '/tenants', label: 'Tenants', icon: Building2, scope: 'admin' },
  { to: '/settings', label: 'Settings', icon: Settings, scope: null },
] as const;

/** Rail, top bar and the page between them. */
export function Frame() {
  const session = useQuery(sessionQuery).data;
  const [palette, setPalette] = useState(false);
  useSessionEnd();
  useEffect(() => {
    const open = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLElement && event.target.closest('input, textarea, select') !== null;
      if ((event.key === 'k' && (event.ctrlKey || event.metaKey)) || (event.key === '/' && !typing)) {
        event.preventDefault();
        setPalette(true);
      }
    };
    window.addEventListener('keydown', open);
    return () => window.removeEventListener('keydown', open);
  }, []);
  return (
    <div className="frame">
      <a className="skip" href="#page">
        Skip to the page
      </a>
      <nav className="rail" aria-label="Pages">
        <Link to="/" className="brand">
          <img src="/graft.svg" alt="" /> Graft
        </Link>
        {rail
          .filter((item) => item.scope === null || mayDo(session, item.scope))
          .map(({ to, label, icon: Icon }) => (
            <Link key={to} to={to} className="rail-link" activeOptions={{ exact: to === '/', includeSearch: false }}>
              <Icon aria-hidden /> {label}
            </Link>
          ))}
      </nav>
      <div>
        <header className="topbar">
          <EnginePill />
          <span className="grow" />
          <button type="button" className="jump" onClick={() => setPalette(true)}>
            <Search aria-hidden /> <span>Jump to…</span> <kbd aria-hidden>Ctrl K</kbd>
          </button>
          <ThemeMenu />
          <Who />
        </header>
        <div id="page" tabIndex={-1} style={{ outline: 'none' }}>
          <Outlet />
        </div>
      </div>
      {palette ? (
        <Suspense fallback={null}>
          <CommandPalette open onOpenChange={setPalette} pages={rail} />
        </Suspense>
      ) : null}
      <Toasts />
    </div>
  );
}

/** Back to the sign-in page when the server no longer knows the session, and here again afterwards. */
function useSessionEnd() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const here = useRouterState({ select: (state) => state.location.href });
  useEffect(
    () =>
      onSessionEnded(() => {
        queries.setQueryData(sessionQuery.queryKey, null);
        void navigate({ to: '/signin', search: { to: here } });
      }),
    [queries, navigate, here],
  );
}

const states = {
  serving: { dot: 'good', word: 'serving' },
  loading: { dot: 'look', word: 'loading' },
  stopped: { dot: 'bad', word: 'stopped' },
} as const;

/** The base model and what the engine is doing, as one thing. */
function EnginePill() {
  const models = useQuery(modelsQuery);
  const ready = useQuery(readyQuery);
  const engine = useQuery({ ...engineQuery, enabled: useMay('admin') });
  const stopped = ready.isError || engine.data?.healthy === false;
  const state = states[stopped ? 'stopped' : (ready.data ?? 'loading')];
  const base = models.data?.data.find((model) => model.graft?.kind === 'base');
  const detail = engine.data
    ? `${engine.data.engine}, ${engine.data.precision}: ${engine.data.running} running, ${engine.data.waiting} waiting`
    : 'The base model that answers';
  return (
    <Hint text={detail}>
      <Link to="/" className="pill">
        <span className={`dot ${state.dot}`} />
        <span className="name">{base?.id ?? 'Engine'}</span>
        <span className="muted word">{state.word}</span>
      </Link>
    </Hint>
  );
}

const themes: { theme: Theme; label: string; icon: typeof Sun }[] = [
  { theme: 'system', label: 'As the system', icon: Monitor },
  { theme: 'light', label: 'Light', icon: Sun },
  { theme: 'dark', label: 'Dark', icon: Moon },
];

function ThemeMenu() {
  const theme = useTheme();
  const Current = themes.find((one) => one.theme === theme)?.icon ?? Monitor;
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger asChild>
        <Button look="ghost" className="icon" aria-label="Theme" title="Theme">
          <Current aria-hidden />
        </Button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu" align="end" sideOffset={6}>
          {themes.map(({ theme: one, label, icon: Icon }) => (
            <DropdownMenu.Item key={one} className="menu-item" onSelect={() => chooseTheme(one)}>
              <Icon aria-hidden /> {label}
            </DropdownMenu.Item>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

function Who() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const session = useQuery(sessionQuery).data;
  const leave = async () => {
    await signOut(queries);
    await navigate({ to: '/signin', search: { to: undefined } });
  };
  return (
    <>
      <Hint text={session ? `Scopes: ${session.scopes.join(', ')}` : ''}>
        <span className="chip who" tabIndex={0}>
          {session?.tenant.name}
        </span>
      </Hint>
      <IconButton label="Sign out" onClick={leave}>
        <LogOut />
      </IconButton>
    </>
  );
}
