import { useQuery } from '@tanstack/react-query';
import { count } from '../../app/format';
import { normsQuery, type AdapterRef } from './adapters';

/** Every module that the adapter changes, one a line, the most changed first. */
export function ModuleTable({ adapter, version }: { adapter: AdapterRef; version: number }) {
  const norms = useQuery(normsQuery(adapter, version)).data?.data ?? [];
  if (norms.length === 0) return null;
  return (
    <details>
      <summary className="small">All {count(norms.length)} modules, each by its pair lora_A and lora_B</summary>
      <div className="table-scroll" tabIndex={0} role="group" aria-label="Modules" style={{ maxHeight: 360 }}>
        <table className="table">
          <thead>
            <tr>
              <th>Module</th>
              <th className="right">Norm</th>
            </tr>
          </thead>
          <tbody>
            {[...norms]
              .sort((a, b) => b.norm - a.norm)
              .map((one) => (
                <tr key={one.path}>
                  <td className="mono">{one.path}</td>
                  <td className="right">{one.norm.toPrecision(3)}</td>
                </tr>
              ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
