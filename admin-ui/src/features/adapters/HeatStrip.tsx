import { useQuery } from '@tanstack/react-query';
import { ErrorNote, Skeleton } from '../../components/Feedback';
import { normsQuery, type AdapterRef } from './adapters';
import { largest, layersOf, outside, strips } from './norms';

/** How much each version changes each module, layer by layer, in one scale for both. */
export function HeatStrips({ adapter, versions }: { adapter: AdapterRef; versions: number[] }) {
  const [here, there] = versions;
  const one = useQuery(normsQuery(adapter, here ?? 0));
  const other = useQuery({ ...normsQuery(adapter, there ?? 0), enabled: there !== undefined });
  const loaded = [one.data?.data, there === undefined ? [] : other.data?.data];
  if (one.isError) return <ErrorNote error={one.error} />;
  if (other.isError) return <ErrorNote error={other.error} />;
  if (!loaded[0] || !loaded[1]) return <Skeleton height={120} />;
  const norms = [loaded[0], loaded[1]];
  const most = largest(norms);
  const layers = layersOf(...norms);
  return (
    <div className="stack">
      {versions.map((version, at) => (
        <figure key={version} className="stack tight" aria-label={`Norms by layer of version ${version}`}>
          <figcaption className="small">
            <strong>v{version}</strong>{' '}
            <span className="muted">largest {largest([norms[at] ?? []]).toPrecision(3)}</span>
          </figcaption>
          <div className="heat-scroll">
            <table className="heat">
              <tbody>
                {strips(norms[at] ?? [], layers).map((strip) => (
                  <tr key={strip.kind}>
                    <th scope="row">{strip.kind}</th>
                    {strip.cells.map((value, layer) => (
                      <Cell key={layer} value={value} most={most} words={`layer ${layer} ${strip.kind}`} />
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          {outside(norms[at] ?? []).map((one) => (
            <span key={one.path} className="small muted num">
              {one.path}: {one.norm.toPrecision(3)}
            </span>
          ))}
        </figure>
      ))}
      <div className="legend">
        <span>0</span>
        <span className="heat-scale" aria-hidden />
        <span className="num">{most.toPrecision(3)}</span>
        <span>
          the size of what is added to a module’s weights (Frobenius norm of scale · B A), layer 0 on the left
        </span>
      </div>
    </div>
  );
}

function Cell({ value, most, words }: { value: number | undefined; most: number; words: string }) {
  if (value === undefined) return <td title={`${words}: not changed`} />;
  const part = most === 0 ? 0 : Math.round((100 * value) / most);
  const title = `${words}: ${value.toPrecision(3)}`;
  return (
    <td title={title} style={{ background: `color-mix(in oklch, var(--accent-strong) ${part}%, var(--sunken))` }}>
      <span className="visually-hidden">{value.toPrecision(2)}</span>
    </td>
  );
}
