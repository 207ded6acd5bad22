import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { MessagesSquare } from 'lucide-react';
import { useState } from 'react';
import type { Adapter } from '../../api/types';
import { mayDo, sessionQuery } from '../../app/session';
import { ErrorNote, SkeletonRows } from '../../components/Feedback';
import { newestFirst, versionQuery } from './adapters';
import { compare, type Row } from './compare';
import { ComparePrompts } from './ComparePrompts';
import { HeatStrips } from './HeatStrip';

interface Props {
  adapter: Adapter;
  left: number | undefined;
  right: number | undefined;
  choose: (left: number, right: number) => void;
}

/** Two versions beside each other: what differs in their configuration, and where their weights are large. */
export function ComparePanel({ adapter, left, right, choose }: Props) {
  const session = useQuery(sessionQuery).data;
  const callable = mayDo(session, 'inference') && (adapter.tenant === session?.tenant.id || adapter.shared);
  const versions = newestFirst(adapter.versions).map((one) => one.version);
  const here = versions.includes(left ?? 0) ? (left ?? 0) : (versions[0] ?? 0);
  const there = versions.includes(right ?? 0) ? (right ?? 0) : (versions.find((one) => one !== here) ?? here);
  if (versions.length < 2) {
    return (
      <section className="card" aria-label="Norms by layer">
        <header>
          <h2>Norms by layer</h2>
        </header>
        <div className="body stack">
          <p className="muted">There is one version: upload another to compare them.</p>
          {here > 0 ? <HeatStrips adapter={adapter} versions={[here]} /> : null}
        </div>
      </section>
    );
  }
  const ask = `${adapter.name}@${here},${adapter.name}@${there}`;
  return (
    <>
      <div className="row wrap">
        <Choice label="Version on the left" value={here} versions={versions} choose={(one) => choose(one, there)} />
        <span className="muted">beside</span>
        <Choice label="Version on the right" value={there} versions={versions} choose={(one) => choose(here, one)} />
        <span className="grow" />
        {callable ? (
          <Link className="button" to="/playground" search={{ columns: ask }}>
            <MessagesSquare aria-hidden /> Both in the playground
          </Link>
        ) : null}
      </div>
      <Differences adapter={adapter} here={here} there={there} />
      {callable ? <ComparePrompts adapter={adapter} here={here} there={there} /> : null}
      <section className="card" aria-labelledby="norms">
        <header>
          <h2 id="norms">Norms by layer</h2>
        </header>
        <div className="body">
          <HeatStrips adapter={adapter} versions={here === there ? [here] : [here, there]} />
        </div>
      </section>
    </>
  );
}

function Choice(props: { label: string; value: number; versions: number[]; choose: (version: number) => void }) {
  return (
    <select
      className="input"
      style={{ width: 'auto' }}
      aria-label={props.label}
      value={props.value}
      onChange={(event) => props.choose(Number(event.target.value))}
    >
      {props.versions.map((version) => (
        <option key={version} value={version}>
          version {version}
        </option>
      ))}
    </select>
  );
}

function Differences({ adapter, here, there }: { adapter: Adapter; here: number; there: number }) {
  const one = useQuery(versionQuery(adapter, here));
  const other = useQuery(versionQuery(adapter, there));
  const [all, setAll] = useState(false);
  const failed = one.error ?? other.error;
  const rows = one.data && other.data ? compare(one.data, other.data) : undefined;
  const differing = rows?.filter((row) => row.differs) ?? [];
  return (
    <section className="card" aria-labelledby="differences">
      <header>
        <h2 id="differences">
          {rows
            ? differing.length === 0
              ? 'Nothing differs'
              : `${differing.length} of ${rows.length} differ`
            : 'Differences'}
        </h2>
        <label className="row small">
          <input type="checkbox" checked={all} onChange={(event) => setAll(event.target.checked)} />
          Show what is equal too
        </label>
      </header>
      {failed ? (
        <div className="body">
          <ErrorNote error={failed} />
        </div>
      ) : null}
      {!rows && !failed ? <SkeletonRows what="both versions" /> : null}
      {rows ? <DifferenceTable here={here} there={there} rows={all ? rows : differing} /> : null}
    </section>
  );
}

function DifferenceTable({ here, there, rows }: { here: number; there: number; rows: Row[] }) {
  if (rows.length === 0) return null;
  return (
    <div className="table-scroll">
      <table className="table">
        <thead>
          <tr>
            <th>What</th>
            <th>v{here}</th>
            <th>v{there}</th>
            <th className="right">Change</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.what}>
              <td>
                {row.what} {row.differs ? <span className="chip look">differs</span> : null}
              </td>
              <td className="num">{row.here}</td>
              <td className="num">{row.there}</td>
              <td className="right">
                {row.change ? `${row.change > 0 ? '+' : '−'}${Math.abs(row.change).toPrecision(3)}` : ''}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
