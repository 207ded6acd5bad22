import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Command } from 'cmdk';
import { BookOpen, Building2, Layers, Upload, type LucideIcon } from 'lucide-react';
import { Dialog } from 'radix-ui';
import { storesQuery, tenantsQuery } from '../api/queries';
import type { Scope } from '../api/types';
import { adaptersQuery } from '../features/adapters/adapters';
import { mayDo, sessionQuery } from './session';

interface Props {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  pages: readonly { to: string; label: string; icon: LucideIcon; scope: Scope | null }[];
}

/** Jump to any page, adapter, store or tenant by typing a part of its name. */
export default function CommandPalette({ open, onOpenChange, pages }: Props) {
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Overlay className="overlay" />
        <Dialog.Content className="dialog palette" aria-describedby={undefined}>
          <Dialog.Title className="visually-hidden">Search and commands</Dialog.Title>
          <Choices pages={pages} close={() => onOpenChange(false)} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Choices({ pages, close }: { pages: Props['pages']; close: () => void }) {
  const navigate = useNavigate();
  const session = useQuery(sessionQuery).data;
  const adapters = useQuery({ ...adaptersQuery, enabled: mayDo(session, 'adapters') }).data?.data ?? [];
  const stores = useQuery({ ...storesQuery, enabled: mayDo(session, 'knowledge') }).data?.data ?? [];
  const tenants = useQuery({ ...tenantsQuery, enabled: mayDo(session, 'admin') }).data?.data ?? [];
  const go = (to: string) => {
    close();
    void navigate({ href: to });
  };
  const item = (Icon: LucideIcon, label: string, to: string, value = label) => (
    <Command.Item key={to} className="menu-item" value={`${value} ${to}`} onSelect={() => go(to)}>
      <Icon aria-hidden /> {label}
    </Command.Item>
  );
  return (
    <Command label="Search and commands">
      <Command.Input placeholder="Jump to a page, adapter, store or tenant" autoFocus />
      <Command.List>
        <Command.Empty>Nothing has this name.</Command.Empty>
        <Command.Group heading="Pages">
          {pages
            .filter((page) => page.scope === null || mayDo(session, page.scope))
            .map((page) => item(page.icon, page.label, page.to))}
          {mayDo(session, 'adapters') ? item(Upload, 'Upload an adapter', '/adapters?upload=new') : null}
        </Command.Group>
        {adapters.length > 0 ? (
          <Command.Group heading="Adapters">
            {adapters.map((one) => item(Layers, one.name, `/adapters/${encodeURIComponent(one.name)}`))}
          </Command.Group>
        ) : null}
        {stores.length > 0 ? (
          <Command.Group heading="Knowledge stores">
            {stores.map((one) => item(BookOpen, one.name || one.id, `/knowledge/${one.id}`))}
          </Command.Group>
        ) : null}
        {tenants.length > 0 ? (
          <Command.Group heading="Tenants">
            {tenants.map((one) => item(Building2, one.name, `/tenants/${one.id}`))}
          </Command.Group>
        ) : null}
      </Command.List>
    </Command>
  );
}
