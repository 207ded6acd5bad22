import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { tenantsQuery } from '../../api/queries';
import type { Live } from '../../api/types';
import { count, plural, seconds } from '../../app/format';
import { useMay } from '../../app/session';
import { ModelLink } from '../adapters/ModelLink';

/** Who is being answered at this moment, the longest first. */
export function RunningList({ live }: { live: Live | undefined }) {
  const admin = useMay('admin');
  const tenants = useQuery({ ...tenantsQuery, enabled: admin }).data?.data ?? [];
  const name = (id: string) => tenants.find((one) => one.id === id)?.name ?? id;
  const running = live?.running ?? [];
  return (
    <section className="card" aria-labelledby="running">
      <header>
        <h2 id="running">Running now</h2>
        <span className="muted small num">{plural(live?.running_total ?? 0, 'request')}</span>
      </header>
      {running.length === 0 ? (
        <p className="body muted">
          Nothing at the moment. <Link to="/playground">Ask something</Link>, and it shows up here while it is answered.
        </p>
      ) : (
        <div className="table-scroll">
          <table className="table">
            <thead>
              <tr>
                {admin ? <th>Tenant</th> : null}
                <th>Model</th>
                <th>Call</th>
                <th className="right">Tokens in</th>
                <th className="right">Tokens out</th>
                <th className="right">For</th>
              </tr>
            </thead>
            <tbody>
              {running.map((one) => (
                <tr key={one.request_id} title={one.request_id}>
                  {admin ? <td>{name(one.tenant_id)}</td> : null}
                  <td className="mono">
                    <ModelLink model={one.model} tenant={one.tenant_id} />
                  </td>
                  <td className="muted">{one.operation}</td>
                  <td className="right">{count(one.prompt_tokens)}</td>
                  <td className="right">{count(one.generated_tokens)}</td>
                  <td className="right">{seconds(one.age_millis)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
