import type { EngineState } from '../../api/types';
import { bytes, count, percent } from '../../app/format';
import { ModelLink } from '../adapters/ModelLink';
import { inTier, MOST_ADAPTERS, onDevice, sum, words, type Part } from './device';

/** Each engine's memory as a picture: base weights, KV and adapters on the device, and the host's tier below. */
export function Device({ engine }: { engine: EngineState }) {
  const engines = engine.engines.length > 0 ? engine.engines : [engine];
  return engines.map((one) => <Engine key={one.base} engine={one} />);
}

function Engine({ engine }: { engine: EngineState }) {
  const { total, free } = engine.kv_blocks;
  const device = onDevice(engine);
  const used = total === 0 ? '' : `, ${percent(total - free, total)} of the KV in use`;
  return (
    <section className="card" aria-label={`Device of ${engine.base}`}>
      <header>
        <h2>Device</h2>
        <span className="muted small">
          {engine.base} · {engine.engine}, {engine.precision}, {engine.device}
        </span>
      </header>
      <div className="body stack">
        <Tier title="On the device" figure={`${bytes(sum(device))}${used}`} parts={device}>
          {device.some((one) => one.adapter) ? null : 'No adapter yet: each is loaded at its first request.'}
        </Tier>
        <Tier title="Adapters in host memory" figure="" parts={inTier(engine, 'host')} thin />
      </div>
    </section>
  );
}

interface TierProps {
  title: string;
  figure: string;
  parts: Part[];
  thin?: boolean;
  children?: string | null;
}

function Tier({ title, figure, parts, thin = false, children }: TierProps) {
  const adapters = parts.filter((one) => one.adapter);
  const hidden = new Set(adapters.slice(MOST_ADAPTERS));
  const shown = parts.filter((one) => !hidden.has(one));
  return (
    <div className="stack tight">
      <div className="spread small">
        <span>{title}</span>
        <span className="muted num">{parts.length === 0 ? 'none' : figure || bytes(sum(parts))}</span>
      </div>
      {parts.length > 0 ? (
        <div
          className={thin ? 'device thin' : 'device'}
          role="img"
          aria-label={`${title}: ${shown.map(words).join('; ')}`}
        >
          {shown.map((one) => (
            <span key={one.key} style={{ background: one.color, flexGrow: one.bytes }} title={words(one)} />
          ))}
        </div>
      ) : null}
      <div className="legend">
        {shown.map((one) => (
          <span key={one.key}>
            <i style={{ background: one.color, border: '1px solid var(--line)' }} />
            {one.adapter ? <AdapterName part={one} /> : words(one)}
          </span>
        ))}
        {hidden.size > 0 ? <span>and {count(hidden.size)} adapters more</span> : null}
        {children ? <span>{children}</span> : null}
      </div>
    </div>
  );
}

/** The words of an adapter's part, whose name leads to it. */
function AdapterName({ part }: { part: Part }) {
  return (
    <>
      <ModelLink model={part.name} tenant={part.adapter?.tenant ?? ''} /> {words({ ...part, name: '' }).trim()}
    </>
  );
}
