import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Pencil, Plus, Trash2, Undo2 } from 'lucide-react';
import { usageQuery } from '../../api/queries';
import type { Adapter, AdapterAlias } from '../../api/types';
import { plural } from '../../app/format';
import { useMay } from '../../app/session';
import { Button, IconButton } from '../../components/Button';
import { Moment } from '../../components/Small';
import { byGroup } from '../usage/totals';
import { aliasWords, useAskedTenant } from './adapters';

interface Props {
  adapter: Adapter;
  own: boolean;
  edit: (alias: AdapterAlias | undefined) => void;
  rollBack: (alias: string) => void;
  remove: (alias: string) => void;
}

/** Which names answer with which versions, and the ways to change that. */
export function AliasCard({ adapter, own, edit, rollBack, remove }: Props) {
  const usage = useQuery({ ...usageQuery(1, ['model'], [adapter.name]), enabled: useMay('inference') });
  const requests = usage.data
    ? byGroup(usage.data, 'model').reduce((sum, group) => sum + group.requests, 0)
    : undefined;
  return (
    <section className="card" aria-labelledby="aliases">
      <header>
        <span className="row wrap">
          <h2 id="aliases">Aliases</h2>
          {requests !== undefined ? <span className="muted small">{plural(requests, 'request')} today</span> : null}
        </span>
        {own && adapter.versions.length > 0 ? (
          <Button small onClick={() => edit(undefined)}>
            <Plus aria-hidden /> New alias
          </Button>
        ) : null}
      </header>
      <div className="body stack tight">
        {adapter.aliases.length === 0 ? (
          <p className="muted">
            None: the plain name answers “model not found”. Promote a version, or name one as {adapter.name}@1.
          </p>
        ) : null}
        {adapter.aliases.map((alias) => (
          <div key={alias.alias} className="spread wrap">
            <Target adapter={adapter.name} alias={alias} own={own} />
            {own ? (
              <span className="row">
                <Button small aria-label={`Move ${alias.alias}`} onClick={() => edit(alias)}>
                  <Pencil aria-hidden /> Move
                </Button>
                <Button small onClick={() => rollBack(alias.alias)}>
                  <Undo2 aria-hidden /> Roll back
                </Button>
                <IconButton small label={`Delete ${alias.alias}`} onClick={() => remove(alias.alias)}>
                  <Trash2 />
                </IconButton>
              </span>
            ) : null}
          </div>
        ))}
      </div>
    </section>
  );
}

function Target({ adapter, alias, own }: { adapter: string; alias: AdapterAlias; own: boolean }) {
  const tenant = useAskedTenant();
  return (
    <span className="row wrap">
      <span className={alias.alias === 'production' ? 'chip good' : 'chip'}>{aliasWords(alias)}</span>
      {alias.shadow ? (
        <span className="chip look">
          shadow v{alias.shadow.version}, {Math.round(alias.shadow.fraction * 1000) / 10} %
        </span>
      ) : null}
      <span className="muted small">
        moved <Moment at={alias.moved_at} />
      </span>
      {own ? (
        <Link
          className="small"
          to="/adapters/$name/shadows/$alias"
          params={{ name: adapter, alias: alias.alias }}
          search={{ tenant, after: undefined }}
          aria-label={`Comparisons of ${alias.alias}`}
        >
          Comparisons
        </Link>
      ) : null}
    </span>
  );
}
