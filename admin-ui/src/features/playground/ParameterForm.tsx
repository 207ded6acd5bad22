import type { Parameters } from './chat';

interface Props {
  parameters: Parameters;
  change: (parameters: Parameters) => void;
}

export function ParameterForm({ parameters, change }: Props) {
  const number = (
    key: 'temperature' | 'topP' | 'maxTokens',
    label: string,
    least: number,
    most: number,
    step: number,
  ) => (
    <div className="field">
      <label htmlFor={key}>{label}</label>
      <input
        id={key}
        className="input num"
        type="number"
        min={least}
        max={most}
        step={step}
        value={parameters[key]}
        onChange={(event) => {
          const value = event.target.valueAsNumber;
          if (value >= least && value <= most) change({ ...parameters, [key]: value });
        }}
      />
    </div>
  );
  return (
    <section id="parameters" className="card" aria-label="Parameters">
      <div
        className="body"
        style={{ display: 'grid', gap: 12, gridTemplateColumns: 'repeat(auto-fit, minmax(130px, 1fr))' }}
      >
        {number('temperature', 'Temperature', 0, 2, 0.1)}
        {number('topP', 'Top p', 0.05, 1, 0.05)}
        {number('maxTokens', 'Most new tokens', 1, 8192, 1)}
        <div className="field" style={{ gridColumn: '1 / -1' }}>
          <label htmlFor="system">System message</label>
          <textarea
            id="system"
            className="input"
            rows={2}
            value={parameters.system}
            onChange={(event) => change({ ...parameters, system: event.target.value })}
          />
        </div>
      </div>
    </section>
  );
}
