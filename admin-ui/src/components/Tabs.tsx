import { Tabs as Radix } from 'radix-ui';
import type { ReactNode } from 'react';

interface Props<K extends string> {
  label: string;
  tabs: readonly { key: K; label: string }[];
  /** Which one is open is in the page's address. */
  open: K;
  choose: (key: K) => void;
  children: ReactNode;
}

export function Tabs<K extends string>({ label, tabs, open, choose, children }: Props<K>) {
  return (
    <Radix.Root value={open} onValueChange={(key) => choose(key as K)} className="stack">
      <Radix.List className="tabs" aria-label={label}>
        {tabs.map((tab) => (
          <Radix.Trigger key={tab.key} value={tab.key}>
            {tab.label}
          </Radix.Trigger>
        ))}
      </Radix.List>
      <Radix.Content value={open} className="stack" tabIndex={-1}>
        {children}
      </Radix.Content>
    </Radix.Root>
  );
}
