import { keepPreviousData, queryOptions, useQueries, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Command } from 'cmdk';
import { BookOpen, Building2, FileText, KeyRound, Layers, Rocket, Undo2, Upload, type LucideIcon } from 'lucide-react';
import { Dialog } from 'radix-ui';
import { useDeferredValue, useState } from 'react';
import { get } from '../api/client';
import type { Adapter, KnowledgeStore, List, Scope, StoredFile, StoreFile, Tenant } from '../api/types';
import { mayDo, sessionQuery } from './session';

interface Props {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  pages: readonly { to: string; label: string; icon: LucideIcon; scope: Scope | null }[];
}

/** Jump to any page, adapter, store, tenant or document by a part of its name; promote, roll back, make a key. */
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

interface Shelf {
  key: string;
  path: string;
}

const shelf = {
  adapters: { key: 'adapters', path: '/admin/v1/adapters?limit=8&sort=name' },
  tenants: { key: 'tenants', path: '/admin/v1/tenants?limit=8&sort=name' },
  stores: { key: 'stores', path: '/v1/vector_stores?limit=8' },
};

/** The server's own search, because a tenant may have more adapters than a menu can hold. */
const found = <T,>({ key, path }: Shelf, text: string) =>
  queryOptions({
    queryKey: [key, 'found', text],
    queryFn: ({ signal }) => get<List<T>>(`${path}&q=${encodeURIComponent(text)}`, signal),
    placeholderData: keepPreviousData,
  });

/** Documents are found through the first few stores, because a document is shown as its store has cut it. */
const MOST_STORES = 6;
const documentsIn = (store: string, text: string) =>
  queryOptions({
    queryKey: ['stores', store, 'files', 'found', text],
    queryFn: async ({ signal }) => {
      const path = `/v1/vector_stores/${encodeURIComponent(store)}/files?limit=3&sort=filename&order=asc`;
      const page = await get<List<StoreFile>>(`${path}&q=${encodeURIComponent(text)}`, signal);
      return Promise.all(page.data.map((one) => get<StoredFile>(`/v1/files/${one.id}`, signal)));
    },
    placeholderData: keepPreviousData,
  });

function Choices({ pages, close }: { pages: Props['pages']; close: () => void }) {
  const navigate = useNavigate();
  const session = useQuery(sessionQuery).data;
  const [text, setText] = useState('');
  const asked = useDeferredValue(text.trim());
  const may = (scope: Scope) => mayDo(session, scope);
  const adapters = useFound<Adapter>(shelf.adapters, asked, may('adapters'), (one) => one.name);
  const tenants = useFound<Tenant>(shelf.tenants, asked, may('admin'), (one) => one.id);
  const stores = useFound<KnowledgeStore>(shelf.stores, asked, may('knowledge'), (one) => one.id);
  const shelves = asked.length > 1 ? stores.slice(0, MOST_STORES) : [];
  const documents = useQueries({ queries: shelves.map((store) => documentsIn(store.id, asked)) }).flatMap((one, at) =>
    (one.data ?? []).map((file) => ({ file, store: shelves[at]?.id ?? '' })),
  );
  const go = (to: string) => {
    close();
    void navigate({ href: to });
  };
  const item = (Icon: LucideIcon, label: string, to: string) => (
    <Command.Item key={`${label} ${to}`} className="menu-item" value={`${label} ${to}`} onSelect={() => go(to)}>
      <Icon aria-hidden /> {label}
    </Command.Item>
  );
  const own = adapters.filter((one) => one.tenant === session?.tenant.id);
  return (
    <Command label="Search and commands">
      <Command.Input
        placeholder="Jump to anything, or type what to do"
        autoFocus
        value={text}
        onValueChange={setText}
      />
      <Command.List>
        <Command.Empty>Nothing has this name.</Command.Empty>
        <Command.Group heading="Pages">
          {pages
            .filter((page) => page.scope === null || mayDo(session, page.scope))
            .map((page) => item(page.icon, page.label, page.to))}
          {may('inference') ? item(pages[4]?.icon ?? Layers, 'Break-even', '/usage?view=break-even') : null}
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
        {documents.length > 0 ? (
          <Command.Group heading="Documents">
            {documents.map(({ file, store }) => item(FileText, file.filename, `/knowledge/${store}/${file.id}`))}
          </Command.Group>
        ) : null}
        <Command.Group heading="Do">
          {may('adapters') ? item(Upload, 'Upload an adapter', '/adapters?upload=new') : null}
          {own.map((one) => {
            const path = `/adapters/${encodeURIComponent(one.name)}`;
            return [
              one.versions.length > 1
                ? item(Rocket, `Promote a version of ${one.name}`, `${path}?action=promote`)
                : null,
              one.aliases.some((alias) => alias.alias === 'production')
                ? item(Undo2, `Roll back ${one.name}`, `${path}?action=rollback`)
                : null,
            ];
          })}
          {tenants.map((one) => item(KeyRound, `New key for ${one.name}`, `/tenants/${one.id}?dialog=key`))}
        </Command.Group>
      </Command.List>
    </Command>
  );
}

/** The first by name, and those that the last typed word is a part of: in a command, that is the name. */
function useFound<T>(from: Shelf, text: string, may: boolean, key: (one: T) => string): T[] {
  const first = useQuery({ ...found<T>(from, ''), enabled: may }).data?.data ?? [];
  const word = text.split(/\s+/).at(-1) ?? '';
  const matching = useQuery({ ...found<T>(from, word), enabled: may && word !== '' }).data?.data ?? [];
  return [...new Map([...matching, ...first].map((one) => [key(one), one])).values()];
}
