import { Link, useNavigate } from '@tanstack/react-router';
import { Download, EllipsisVertical, GitCompare, MessagesSquare, Rocket, Trash2 } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import type { Adapter, AdapterVersion } from '../../api/types';
import { bytes } from '../../app/format';
import { Button } from '../../components/Button';
import { Digest, Moment } from '../../components/Small';
import { adapterPath, newestFirst, useAskedTenant } from './adapters';
import type { Action } from './AdapterDialogs';
import { VersionChips } from './VersionChips';

interface Part {
  adapter: Adapter;
  own: boolean;
  act: (action: Action) => void;
}

/** All versions as a timeline, with what can be done with each. */
export function VersionsTab({ adapter, own, act }: Part) {
  const tenant = useAskedTenant();
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
                      search={{ tenant }}
                    >
                      Version {version.version}
                    </Link>
                  </h3>
                  <VersionChips version={version} />
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
  const tenant = useAskedTenant();
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
            <a href={adapterPath(adapter, `/versions/${version.version}/files`)} download>
              <Download aria-hidden /> Download files
            </a>
          </DropdownMenu.Item>
          {adapter.versions.length > 1 ? (
            <DropdownMenu.Item
              className="menu-item"
              onSelect={() =>
                navigate({
                  to: '/adapters/$name',
                  params: { name: adapter.name },
                  search: { tenant, tab: 'compare', left: version.version },
                })
              }
            >
              <GitCompare aria-hidden /> Compare
            </DropdownMenu.Item>
          ) : null}
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
