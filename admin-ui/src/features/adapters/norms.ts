import type { AdapterNorm } from '../../api/types';

export interface Strip {
  /** Of the module: q_proj, down_proj. */
  kind: string;
  /** One entry a layer; undefined where the adapter has no such module. */
  cells: (number | undefined)[];
}

/** Norms as rows of a heat strip: one a kind of module, one cell a layer. Experts of a layer are summed up. */
export function strips(norms: AdapterNorm[], layers: number): Strip[] {
  const rows = new Map<string, (number | undefined)[]>();
  for (const { kind, layer, norm } of norms) {
    if (layer < 0) continue;
    const cells = rows.get(kind) ?? Array.from({ length: layers }, () => undefined);
    cells[layer] = Math.hypot(cells[layer] ?? 0, norm);
    rows.set(kind, cells);
  }
  return [...rows].map(([kind, cells]) => ({ kind, cells }));
}

export function layersOf(...norms: AdapterNorm[][]): number {
  return Math.max(0, ...norms.flat().map((one) => one.layer + 1));
}

/** Modules outside the layers: the embedding, the head. */
export function outside(norms: AdapterNorm[]): AdapterNorm[] {
  return norms.filter((one) => one.layer < 0);
}

export function largest(norms: AdapterNorm[][]): number {
  return Math.max(0, ...norms.flat().map((one) => one.norm));
}
