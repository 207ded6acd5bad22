import { zodResolver } from '@hookform/resolvers/zod';
import { useMutation } from '@tanstack/react-query';
import { useForm } from 'react-hook-form';
import { z } from '../app/validation';
import { Button } from './Button';
import { Dialog } from './Dialog';
import { ErrorNote } from './Feedback';
import { Field } from './Field';

const schema = z.object({ name: z.string().trim().min(1, 'Give it a name.').max(200, 'At most 200 characters.') });

interface Props {
  close: () => void;
  /** `knowledge store`, `tenant`: the title and the button say it. */
  what: string;
  description: string;
  placeholder: string;
  create: (name: string) => Promise<unknown>;
}

/** Makes something that begins with nothing but its name. */
export function NamedDialog({ close, what, description, placeholder, create }: Props) {
  const form = useForm<{ name: string }>({ resolver: zodResolver(schema), defaultValues: { name: '' } });
  const making = useMutation({ mutationFn: ({ name }: { name: string }) => create(name), onSuccess: close });
  return (
    <Dialog open onOpenChange={close} title={`New ${what}`} description={description}>
      <form onSubmit={form.handleSubmit((values) => making.mutate(values))} noValidate>
        <div className="body">
          <Field label="Name" error={form.formState.errors.name?.message}>
            {(input) => (
              <input
                {...input}
                className="input"
                placeholder={placeholder}
                autoComplete="off"
                {...form.register('name')}
              />
            )}
          </Field>
          {making.isError ? <ErrorNote error={making.error} /> : null}
        </div>
        <footer>
          <Button onClick={close}>Cancel</Button>
          <Button type="submit" look="primary" disabled={making.isPending}>
            {making.isPending ? 'Creating…' : `Create ${what}`}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
