import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router';
import { NotFound, RouteError } from './RouteStates';
import { listSearch, type ListSearch } from '../components/listing';
import { sessionQuery } from './session';
import { SignIn } from '../features/session/SignIn';

interface Context {
  queries: QueryClient;
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
const integer = (value: unknown): number | undefined => {
  const number = Number(value);
  return value !== undefined && Number.isInteger(number) && number >= 0 ? number : undefined;
};

/** The tabs of an adapter's page; the first is the one without a name in the address. */
const adapterTabs = ['compare', 'traffic', 'cost', 'files', 'audit'] as const;
export type AdapterTab = (typeof adapterTabs)[number];
const adapterTab = (value: unknown) => adapterTabs.find((one) => one === value);
/** Whose adapter it is; an operator may name another tenant. */
interface OfTenant {
  tenant?: string | undefined;
}

interface AdapterSearch extends OfTenant {
  tab?: AdapterTab | undefined;
  /** A dialog that the palette leads to. */
  action?: 'promote' | 'rollback' | undefined;
  /** The two versions that are compared. */
  left?: number | undefined;
  right?: number | undefined;
  after?: string | undefined;
}

const usageViews = ['break-even', 'advice', 'margin'] as const;
export type UsageView = (typeof usageViews)[number];
const usageView = (value: unknown) => usageViews.find((one) => one === value);
interface UsageSearch {
  days?: number | undefined;
  view?: UsageView | undefined;
  /** Whose break-even and advice; with the admin scope. */
  tenant?: string | undefined;
}

interface TenantSearch extends ListSearch {
  dialog?: 'key' | undefined;
  /** The last key of the page before. */
  keys?: string | undefined;
}

const root = createRootRouteWithContext<Context>()({ component: Outlet, notFoundComponent: NotFound });

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/signin',
  validateSearch: (search: Record<string, unknown>): { to?: string | undefined } => ({ to: text(search.to) }),
  component: SignIn,
});

const frame = lazyRouteComponent(() => import('./Frame'), 'Frame');
const firstPage = lazyRouteComponent(() => import('../features/overview/Overview'), 'Overview');

/** Everything behind the sign-in. */
const app = createRoute({
  getParentRoute: () => root,
  id: 'app',
  beforeLoad: async ({ context, location }) => {
    // Beside the question who is signed in, and not after its answer.
    void frame.preload?.();
    if (location.pathname === '/') void firstPage.preload?.();
    const session = await context.queries.ensureQueryData(sessionQuery);
    if (!session) throw redirect({ to: '/signin', search: { to: location.href === '/' ? undefined : location.href } });
  },
  component: frame,
});

const overview = createRoute({
  getParentRoute: () => app,
  path: '/',
  component: firstPage,
});
const adapters = createRoute({
  getParentRoute: () => app,
  path: '/adapters',
  validateSearch: (search: Record<string, unknown>): ListSearch & OfTenant & { upload?: string | undefined } => ({
    ...listSearch(search),
    tenant: text(search.tenant),
    upload: text(search.upload),
  }),
  component: lazyRouteComponent(() => import('../features/adapters/Adapters'), 'Adapters'),
});
const adapter = createRoute({
  getParentRoute: () => app,
  path: '/adapters/$name',
  validateSearch: (search: Record<string, unknown>): AdapterSearch => ({
    tab: adapterTab(search.tab),
    action: search.action === 'promote' || search.action === 'rollback' ? search.action : undefined,
    left: integer(search.left),
    right: integer(search.right),
    after: listSearch(search).after,
    tenant: text(search.tenant),
  }),
  component: lazyRouteComponent(() => import('../features/adapters/AdapterPage'), 'AdapterPage'),
});
const shadows = createRoute({
  getParentRoute: () => app,
  path: '/adapters/$name/shadows/$alias',
  validateSearch: (search: Record<string, unknown>): OfTenant & { after?: string | undefined } => ({
    after: text(search.after),
    tenant: text(search.tenant),
  }),
  component: lazyRouteComponent(() => import('../features/adapters/ShadowsPage'), 'ShadowsPage'),
});
const version = createRoute({
  getParentRoute: () => app,
  path: '/adapters/$name/versions/$version',
  validateSearch: (search: Record<string, unknown>): OfTenant => ({ tenant: text(search.tenant) }),
  component: lazyRouteComponent(() => import('../features/adapters/VersionPage'), 'VersionPage'),
});
const playground = createRoute({
  getParentRoute: () => app,
  path: '/playground',
  validateSearch: (search: Record<string, unknown>): { columns?: string | undefined } => ({
    columns: text(search.columns),
  }),
  component: lazyRouteComponent(() => import('../features/playground/Playground'), 'Playground'),
});
const knowledge = createRoute({
  getParentRoute: () => app,
  path: '/knowledge',
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import('../features/knowledge/Knowledge'), 'Knowledge'),
});
const store = createRoute({
  getParentRoute: () => app,
  path: '/knowledge/$store',
  validateSearch: (search: Record<string, unknown>): ListSearch & { ask?: string | undefined } => ({
    ...listSearch(search),
    ask: text(search.ask),
  }),
  component: lazyRouteComponent(() => import('../features/knowledge/StorePage'), 'StorePage'),
});
const document = createRoute({
  getParentRoute: () => app,
  path: '/knowledge/$store/$file',
  validateSearch: (search: Record<string, unknown>): { start?: number | undefined; end?: number | undefined } => ({
    start: integer(search.start),
    end: integer(search.end),
  }),
  component: lazyRouteComponent(() => import('../features/knowledge/DocumentPage'), 'DocumentPage'),
});
const retrieval = createRoute({
  getParentRoute: () => app,
  path: '/retrievals/$retrieval',
  component: lazyRouteComponent(() => import('../features/knowledge/RetrievalPage'), 'RetrievalPage'),
});
const receipts = createRoute({
  getParentRoute: () => app,
  path: '/receipts',
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import('../features/knowledge/ReceiptsPage'), 'ReceiptsPage'),
});
const receipt = createRoute({
  getParentRoute: () => app,
  path: '/receipts/$receipt',
  component: lazyRouteComponent(() => import('../features/knowledge/ReceiptsPage'), 'ReceiptPage'),
});
const usage = createRoute({
  getParentRoute: () => app,
  path: '/usage',
  validateSearch: (search: Record<string, unknown>): UsageSearch => ({
    days: integer(search.days),
    view: usageView(search.view),
    tenant: text(search.tenant),
  }),
  component: lazyRouteComponent(() => import('../features/usage/UsagePage'), 'UsagePage'),
});
const tenants = createRoute({
  getParentRoute: () => app,
  path: '/tenants',
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import('../features/tenants/Tenants'), 'Tenants'),
});
const tenant = createRoute({
  getParentRoute: () => app,
  path: '/tenants/$tenant',
  validateSearch: (search: Record<string, unknown>): TenantSearch => ({
    ...listSearch(search),
    keys: text(search.keys),
    dialog: search.dialog === 'key' ? 'key' : undefined,
  }),
  component: lazyRouteComponent(() => import('../features/tenants/TenantPage'), 'TenantPage'),
});
const settings = createRoute({
  getParentRoute: () => app,
  path: '/settings',
  validateSearch: listSearch,
  component: lazyRouteComponent(() => import('../features/settings/SettingsPage'), 'SettingsPage'),
});

const tree = root.addChildren([
  signIn,
  app.addChildren([
    overview,
    adapters,
    adapter,
    shadows,
    version,
    playground,
    knowledge,
    store,
    document,
    retrieval,
    receipts,
    receipt,
    usage,
    tenants,
    tenant,
    settings,
  ]),
]);

export function createAppRouter(queries: QueryClient) {
  return createRouter({
    routeTree: tree,
    context: { queries },
    defaultPreload: 'intent',
    defaultErrorComponent: RouteError,
    scrollRestoration: true,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
