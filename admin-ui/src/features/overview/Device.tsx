import { Link } from '@tanstack/react-router';
import type { EngineState } from '../../api/types';
import { bytes, count, percent, plural } from '../../app/format';

interface Part {
  name: string;
  size: number;
  color: string;
  words: string;
}

/** Each engine's memory as a picture: its KV pool, and the adapters by the tier they lie in. */
export function Device({ engine }: { engine: EngineState }) {
  const engines = engine.engines.length > 0 ? engine.engines : [engine];
  return engines.map((one) => <Engine key={one.base} engine={one} />);
}

function Engine({ engine }: { engine: EngineState }) {
  const { total, free, cached, tokens_per_block: perBlock } = engine.kv_blocks;
  const tokens = (blocks: number) => `${count(blocks * perBlock)} tokens`;
  const part = (name: string, size: number, color: string): Part => ({ name, size, color, words: tokens(size) });
  return (
    <section className="card" aria-label={`Device of ${engine.base}`}>
      <header>
        <h2>Device</h2>
        <span className="muted small">
          {engine.base} · {engine.engine}, {engine.precision}, {engine.device}
        </span>
      </header>
      <div className="body stack">
        <Row
          title="KV memory"
          figure={`${percent(total - free, total)} in use`}
          parts={[
            part('in use', total - free, 'var(--chart-1)'),
            part('cached prefixes', cached, 'var(--chart-2)'),
            part('free', free - cached, 'transparent'),
          ]}
        />
        <Adapters engine={engine} tier="device" title="Adapters on the device" />
        <Adapters engine={engine} tier="host" title="Adapters in host memory" />
      </div>
    </section>
  );
}

function Row({ title, figure, parts }: { title: string; figure: string; parts: Part[] }) {
  const shown = parts.filter((one) => one.size > 0);
  return (
    <div className="stack tight">
      <div className="spread small">
        <span>{title}</span>
        <span className="muted num">{figure}</span>
      </div>
      <div className="device" role="img" aria-label={shown.map((one) => `${one.words} ${one.name}`).join(', ')}>
        {shown.map((one) => (
          <span
            key={one.name}
            style={{ background: one.color, flexGrow: one.size }}
            title={`${one.words} ${one.name}`}
          />
        ))}
      </div>
      <div className="legend">
        {parts.map((one) => (
          <span key={one.name}>
            <i style={{ background: one.color, border: '1px solid var(--line)' }} />
            {one.words} {one.name}
          </span>
        ))}
      </div>
    </div>
  );
}

const MOST_SHOWN = 24;
const colors = [1, 2, 3, 4, 5, 6, 7].map((one) => `var(--chart-${one})`);

function Adapters({ engine, tier, title }: { engine: EngineState; tier: 'device' | 'host'; title: string }) {
  const all = engine.adapters.filter((one) => one.tier === tier).sort((a, b) => b.bytes - a.bytes);
  const sum = all.reduce((total, one) => total + one.bytes, 0);
  const shown = all.slice(0, MOST_SHOWN);
  if (all.length === 0) {
    return (
      <div className="spread small">
        <span>{title}</span>
        <span className="muted">{tier === 'device' ? 'none: each is loaded at its first request' : 'none'}</span>
      </div>
    );
  }
  return (
    <div className="stack tight">
      <div className="spread small">
        <span>{title}</span>
        <span className="muted num">
          {plural(all.length, 'adapter')}, {bytes(sum)}
        </span>
      </div>
      <div className="device thin" role="img" aria-label={`${title}: ${shown.map((one) => one.name).join(', ')}`}>
        {shown.map((one, at) => (
          <span
            key={one.digest}
            style={{ background: colors[at % colors.length], flexGrow: one.bytes }}
            title={`${one.name}@${one.version}, ${bytes(one.bytes)}`}
          />
        ))}
      </div>
      <div className="legend">
        {shown.map((one, at) => (
          <span key={one.digest}>
            <i style={{ background: colors[at % colors.length] }} />
            <Link to="/adapters/$name" params={{ name: one.name }}>
              {one.name}@{one.version}
            </Link>{' '}
            {bytes(one.bytes)}
            {one.running > 0 ? `, ${count(one.running)} running` : ''}
          </span>
        ))}
        {all.length > shown.length ? <span>and {count(all.length - shown.length)} more</span> : null}
      </div>
    </div>
  );
}
