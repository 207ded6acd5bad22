import { Copy } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import { Button } from '../../components/Button';
import { toast } from '../../components/Toasts';
import type { ChatRequest } from './chat';
import { asCurl, asJava, asPython } from './snippets';

const forms = [
  { name: 'curl', write: asCurl },
  { name: 'Python', write: asPython },
  { name: 'Java', write: asJava },
] as const;

/** The column's request, to go on with outside the page. */
export function CopyMenu({ request }: { request: () => ChatRequest }) {
  const copy = async (form: (typeof forms)[number]) => {
    await navigator.clipboard.writeText(form.write(request(), window.location.origin));
    toast(`Copied as ${form.name}. It takes the key from $KEY.`);
  };
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger asChild>
        <Button look="ghost" className="icon" aria-label="Copy this request" title="Copy this request">
          <Copy aria-hidden />
        </Button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu" align="end" sideOffset={4}>
          {forms.map((form) => (
            <DropdownMenu.Item key={form.name} className="menu-item" onSelect={() => void copy(form)}>
              Copy as {form.name}
            </DropdownMenu.Item>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
