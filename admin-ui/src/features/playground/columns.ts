/** One column of the playground: who answers, and from what. */
export interface ColumnChoice {
  model: string;
  stores: string[];
}

export const MOST_COLUMNS = 4;

/** `triage,raft-reader~vs_1~vs_2`: short enough to be read in an address and shared. */
export function parseColumns(text: string | undefined): ColumnChoice[] {
  return (text ?? '')
    .split(',')
    .filter((part) => part !== '')
    .slice(0, MOST_COLUMNS)
    .map((part) => {
      const [model = '', ...stores] = part.split('~');
      return { model, stores };
    });
}

export function writeColumns(columns: ColumnChoice[]): string {
  return columns.map((column) => [column.model, ...column.stores].join('~')).join(',');
}
