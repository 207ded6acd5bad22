import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { Download, EllipsisVertical, MessagesSquare, Rocket, Trash2, Upload } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import { useState } from 'react';
import { send } from '../../api/client';
import type { Adapter, AdapterAlias, AdapterVersion } from '../../api/types';
import { bytes } from '../../app/format';
import { sessionQuery } from '../../app/session';
import { Button } from '../../components/Button';
import { Confirm } from '../../components/Confirm';
import { ErrorNote, SkeletonRows } from '../../components/Feedback';
import { Digest, Moment } from '../../components/Small';
import { toast } from '../../components/Toasts';
import { adapterPath, adapterQuery, aliasPath, aliasWords, moveAlias, newestFirst, rollBack } from './adapters';
import { AliasCard } from './AliasCard';
import { AliasEditor } from './AliasEditor';
import { SharesCard } from './SharesCard';

type Action =
  | { kind: 'promote'; version: AdapterVersion }
  | { kind: 'delete version'; version: AdapterVersion }
  | { kind: 'edit'; alias: AdapterAlias | undefined }
  | { kind: 'roll back'; alias: string }
  | { kind: 'delete alias'; alias: string }
  | { kind: 'delete adapter' };

export function AdapterPage() {
  const { name } = useParams({ from: '/app/adapters/$name' });
  const adapter = useQuery(adapterQuery(name));
  const session = useQuery(sessionQuery).data;
  const [action, setAction] = useState<Action | null>(null);
  // A shared adapter is changed by its owner only.
  const own = adapter.data !== undefined && adapter.data.tenant === session?.tenant.id;
  return (
    <main className="page">
      <div className="page-head">
        <div>
          <p className="small">
            <Link to="/adapters" search={{ upload: undefined }}>
              Adapters
            </Link>
          </p>
          <h1>{name}</h1>
          {adapter.data ? (
            <p>
              For {adapter.data.base_model}
              {adapter.data.shared ? ', shared with all tenants' : ''}
            </p>
          ) : null}
        </div>
        <div className="row wrap">
          <Link className="button" to="/playground" search={{ columns: name }}>
            <MessagesSquare aria-hidden /> Chat
          </Link>
          {own ? (
            <>
              <Link className="button primary" to="/adapters" search={{ upload: name }}>
                <Upload aria-hidden /> New version
              </Link>
              <Button look="danger" onClick={() => setAction({ kind: 'delete adapter' })}>
                <Trash2 aria-hidden /> Delete
              </Button>
            </>
          ) : null}
        </div>
      </div>
      {adapter.isError ? <ErrorNote error={adapter.error} retry={() => adapter.refetch()} /> : null}
      {adapter.isPending ? (
        <section className="card">
          <SkeletonRows what="versions" />
        </section>
      ) : null}
      {adapter.data ? (
        <AliasCard
          adapter={adapter.data}
          own={own}
          edit={(alias) => setAction({ kind: 'edit', alias })}
          rollBack={(alias) => setAction({ kind: 'roll back', alias })}
          remove={(alias) => setAction({ kind: 'delete alias', alias })}
        />
      ) : null}
      {adapter.data ? <Versions adapter={adapter.data} own={own} act={setAction} /> : null}
      {own ? <SharesCard adapter={name} /> : null}
      {adapter.data && action ? <Dialogs adapter={adapter.data} action={action} close={() => setAction(null)} /> : null}
    </main>
  );
}

interface Part {
  adapter: Adapter;
  own: boolean;
  act: (action: Action) => void;
}

function Versions({ adapter, own, act }: Part) {
  return (
    <section className="card" aria-labelledby="versions">
      <header>
        <h2 id="versions">Versions</h2>
        <span className="muted small">newest first</span>
      </header>
      <ol className="timeline body" reversed>
        {newestFirst(adapter.versions).map((version) => (
          <li key={version.version}>
            <span className={version.aliases.length > 0 ? 'knot good' : 'knot'} />
            <div className="content">
              <div className="spread">
                <span className="row wrap">
                  <h3>
                    <Link
                      to="/adapters/$name/versions/$version"
                      params={{ name: adapter.name, version: `${version.version}` }}
                    >
                      Version {version.version}
                    </Link>
                  </h3>
                  {version.aliases.map((alias) => (
                    <span key={alias} className="chip good">
                      {alias}
                    </span>
                  ))}
                  {version.tags.map((tag) => (
                    <span key={tag} className="chip">
                      {tag}
                    </span>
                  ))}
                </span>
                <VersionMenu adapter={adapter} own={own} version={version} act={act} />
              </div>
              {version.note ? <p>{version.note}</p> : null}
              <p className="muted small row wrap" style={{ gap: '2px 12px' }}>
                <span>rank {version.rank}</span>
                <span>{bytes(version.size_bytes)}</span>
                <span>{version.target_modules.join(', ')}</span>
                <Digest value={version.digest} />
                <Moment at={version.created_at} />
              </p>
              {version.warnings.map((warning) => (
                <p key={warning} className="small" style={{ color: 'var(--amber)' }}>
                  {warning}
                </p>
              ))}
            </div>
          </li>
        ))}
      </ol>
    </section>
  );
}

function VersionMenu({ adapter, own, version, act }: Part & { version: AdapterVersion }) {
  const navigate = useNavigate();
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger asChild>
        <Button look="ghost" small className="icon" aria-label={`Actions for version ${version.version}`}>
          <EllipsisVertical aria-hidden />
        </Button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu" align="end">
          {own ? (
            <DropdownMenu.Item className="menu-item" onSelect={() => act({ kind: 'promote', version })}>
              <Rocket aria-hidden /> Promote to production
            </DropdownMenu.Item>
          ) : null}
          <DropdownMenu.Item
            className="menu-item"
            onSelect={() => navigate({ to: '/playground', search: { columns: `${adapter.name}@${version.version}` } })}
          >
            <MessagesSquare aria-hidden /> Chat with it
          </DropdownMenu.Item>
          <DropdownMenu.Item className="menu-item" asChild>
            <a href={`${adapterPath(adapter.name)}/versions/${version.version}/files`} download>
              <Download aria-hidden /> Download files
            </a>
          </DropdownMenu.Item>
          {own ? (
            <DropdownMenu.Item className="menu-item danger" onSelect={() => act({ kind: 'delete version', version })}>
              <Trash2 aria-hidden /> Delete version
            </DropdownMenu.Item>
          ) : null}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

function Dialogs({ adapter, action, close }: { adapter: Adapter; action: Action; close: () => void }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const refresh = () =>
    Promise.all([
      queries.invalidateQueries({ queryKey: ['adapters'] }),
      queries.invalidateQueries({ queryKey: ['models'] }),
    ]);
  const shared = {
    open: true,
    onOpenChange: (open: boolean) => {
      if (!open) close();
    },
  };
  const production = adapter.aliases.find((alias) => alias.alias === 'production');
  switch (action.kind) {
    case 'promote':
      return (
        <Confirm
          {...shared}
          title={`Promote version ${action.version.version}`}
          verb="Promote"
          run={async () => {
            await moveAlias(adapter.name, 'production', { version: action.version.version });
            await refresh();
            toast(`${adapter.name} now answers with version ${action.version.version}`);
          }}
        >
          {production ? `Now: ${aliasWords(production)}. ` : ''}New requests for {adapter.name} get version{' '}
          {action.version.version}; answers that are running keep the version they began with. You can roll back.
        </Confirm>
      );
    case 'edit':
      return <AliasEditor adapter={adapter} alias={action.alias} close={close} />;
    case 'delete alias':
      return (
        <Confirm
          {...shared}
          danger
          title={`Delete ${action.alias}`}
          verb="Delete alias"
          run={async () => {
            await send('DELETE', aliasPath(adapter.name, action.alias));
            await refresh();
          }}
        >
          Clients that call {action.alias === 'production' ? adapter.name : `${adapter.name}@${action.alias}`} get
          “model not found”. The versions stay.
        </Confirm>
      );
    case 'roll back':
      return (
        <Confirm
          {...shared}
          title={`Roll back ${action.alias}`}
          verb="Roll back"
          run={async () => {
            const moved = await rollBack(adapter.name, action.alias);
            await refresh();
            toast(aliasWords(moved));
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
            await send('DELETE', `${adapterPath(adapter.name)}/versions/${action.version.version}`);
            await refresh();
          }}
        >
          Its files go; its number is never given again. A version that an alias points at is kept.
        </Confirm>
      );
    case 'delete adapter':
      return (
        <Confirm
          {...shared}
          danger
          title={`Delete ${adapter.name}`}
          verb="Delete adapter"
          run={async () => {
            await send('DELETE', adapterPath(adapter.name));
            await navigate({ to: '/adapters', search: { upload: undefined } });
            await refresh();
          }}
        >
          All {adapter.versions.length} versions and the aliases go. Clients that use the name get “model not found”.
        </Confirm>
      );
  }
}
