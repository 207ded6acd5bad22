import { describe, expect, it } from 'vitest';
import { largest, layersOf, outside, strips } from './norms';

const norm = (kind: string, layer: number, value: number) => ({ path: `${kind}.${layer}`, kind, layer, norm: value });

describe('norms by layer', () => {
  const norms = [norm('q_proj', 0, 1), norm('v_proj', 0, 2), norm('q_proj', 2, 3), norm('lm_head', -1, 9)];

  it('have a row a kind and a cell a layer, with gaps where nothing is changed', () => {
    expect(strips(norms, layersOf(norms))).toEqual([
      { kind: 'q_proj', cells: [1, undefined, 3] },
      { kind: 'v_proj', cells: [2, undefined, undefined] },
    ]);
  });

  it('of several modules of a kind in one layer are taken together', () => {
    expect(strips([norm('up_proj', 0, 3), norm('up_proj', 0, 4)], 1)[0]?.cells).toEqual([5]);
  });

  it('outside the layers stand by themselves', () => {
    expect(outside(norms).map((one) => one.kind)).toEqual(['lm_head']);
    expect(largest([norms, []])).toBe(9);
    expect(layersOf([])).toBe(0);
  });
});
