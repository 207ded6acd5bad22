import { useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { send } from '../../api/client';
import { usageQuery } from '../../api/queries';
import type { Adapter, AdapterAlias, AdapterVersion } from '../../api/types';
import { count } from '../../app/format';
import { sessionQuery } from '../../app/session';
import { Confirm } from '../../components/Confirm';
import { toast } from '../../components/Toasts';
import { adapterPath, aliasPath, aliasWords, moveAlias, moveBack, rollBack } from './adapters';
import { AliasEditor } from './AliasEditor';
import { requestsAnHour } from './traffic';

export type Action =
  | { kind: 'promote'; version: AdapterVersion }
  | { kind: 'delete version'; version: AdapterVersion }
  | { kind: 'edit'; alias: AdapterAlias | undefined }
  | { kind: 'roll back'; alias: string }
  | { kind: 'delete alias'; alias: string }
  | { kind: 'delete adapter' };

interface Props {
  adapter: Adapter;
  action: Action;
  close: () => void;
}

export function refreshAdapters(queries: QueryClient): Promise<unknown> {
  return Promise.all([
    queries.invalidateQueries({ queryKey: ['adapters'] }),
    queries.invalidateQueries({ queryKey: ['models'] }),
  ]);
}

/** What is asked before an adapter is changed; each says what will happen, and what can be taken back offers that. */
export function AdapterDialogs({ adapter, action, close }: Props) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const refresh = () => refreshAdapters(queries);
  const shared = {
    open: true,
    onOpenChange: (open: boolean) => {
      if (!open) close();
    },
  };
  switch (action.kind) {
    case 'promote':
      return <Promote adapter={adapter} version={action.version} close={close} />;
    case 'edit':
      return <AliasEditor adapter={adapter} alias={action.alias} close={close} />;
    case 'delete alias': {
      const before = adapter.aliases.find((one) => one.alias === action.alias);
      return (
        <Confirm
          {...shared}
          danger
          title={`Delete ${action.alias}`}
          verb="Delete alias"
          run={async () => {
            await send('DELETE', aliasPath(adapter, action.alias));
            await refresh();
            toast(
              `The alias ${action.alias} is deleted.`,
              before ? () => moveAlias(adapter, action.alias, moveBack(before)).then(refresh) : undefined,
            );
          }}
        >
          Clients that call {action.alias === 'production' ? adapter.name : `${adapter.name}@${action.alias}`} get
          “model not found”. The versions stay.
        </Confirm>
      );
    }
    case 'roll back':
      return (
        <Confirm
          {...shared}
          title={`Roll back ${action.alias}`}
          verb="Roll back"
          run={async () => {
            const before = adapter.aliases.find((one) => one.alias === action.alias);
            const moved = await rollBack(adapter, action.alias);
            await refresh();
            toast(
              aliasWords(moved),
              before ? () => moveAlias(adapter, action.alias, moveBack(before)).then(refresh) : undefined,
            );
          }}
        >
          The alias goes back to where it pointed before its last move. Running answers keep their version.
        </Confirm>
      );
    case 'delete version':
      return (
        <Confirm
          {...shared}
          danger
          title={`Delete version ${action.version.version}`}
          verb="Delete version"
          run={async () => {
            await send('DELETE', adapterPath(adapter, `/versions/${action.version.version}`));
            await refresh();
            toast(`Version ${action.version.version} is deleted.`);
          }}
        >
          Its files go and can’t be brought back; its number is never given again. A version that an alias points at is
          kept.
        </Confirm>
      );
    case 'delete adapter':
      return (
        <Confirm
          {...shared}
          danger
          typed={adapter.name}
          title={`Delete ${adapter.name}`}
          verb="Delete adapter"
          run={async () => {
            await send('DELETE', adapterPath(adapter));
            await navigate({ to: '/adapters' });
            await refresh();
            toast(`${adapter.name} is deleted.`);
          }}
        >
          All {adapter.versions.length} versions and the aliases go. Clients that use the name get “model not found”.
          This can’t be undone.
        </Confirm>
      );
  }
}

/** From, to, for how many requests, and the way back. */
function Promote({ adapter, version, close }: { adapter: Adapter; version: AdapterVersion; close: () => void }) {
  const queries = useQueryClient();
  const session = useQuery(sessionQuery).data;
  const usage = useQuery(usageQuery(2, ['model'], [adapter.name]));
  const production = adapter.aliases.find((alias) => alias.alias === 'production');
  const hourly = usage.data ? requestsAnHour(usage.data, usage.dataUpdatedAt / 1000) : undefined;
  const refresh = () => refreshAdapters(queries);
  return (
    <Confirm
      open
      onOpenChange={close}
      title={`Promote version ${version.version}`}
      verb="Promote"
      typed={adapter.shared ? adapter.name : undefined}
      run={async () => {
        await moveAlias(adapter, 'production', { version: version.version });
        await refresh();
        toast(
          `${adapter.name} now answers with version ${version.version}.`,
          production ? () => rollBack(adapter, 'production').then(refresh) : undefined,
        );
      }}
      details={
        <dl className="facts">
          <dt>From</dt>
          <dd>{production ? aliasWords(production) : 'nothing: the plain name answers “model not found”'}</dd>
          <dt>To</dt>
          <dd>
            production → v{version.version} (rank {version.rank})
          </dd>
          <dt>For</dt>
          <dd className="num">
            {hourly === undefined ? 'counting…' : `about ${count(Math.round(hourly))} requests an hour, as of late`}
          </dd>
          <dt>Who may roll back</dt>
          <dd>
            every key of {adapter.tenant === session?.tenant.id ? session.tenant.name : adapter.tenant} with the scope
            adapters, and the operator
          </dd>
        </dl>
      }
    >
      New requests for {adapter.name} get version {version.version}; answers that are running keep the version they
      began with.
    </Confirm>
  );
}
