import { zodResolver } from '@hookform/resolvers/zod';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useForm } from 'react-hook-form';
import { send } from '../../api/client';
import type { AdapterVersionDetails } from '../../api/types';
import { z } from '../../app/validation';
import { Button } from '../../components/Button';
import { ErrorNote } from '../../components/Feedback';
import { Field } from '../../components/Field';
import { toast } from '../../components/Toasts';
import { adapterPath, type AdapterRef } from './adapters';

const words = (text: string) =>
  text
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean);

const schema = z.object({
  note: z.string().max(4096, 'At most 4,096 characters.'),
  tags: z
    .string()
    .refine((text) => words(text).length <= 32, 'At most 32 tags.')
    .refine((text) => words(text).every((word) => word.length <= 64), 'A tag has at most 64 characters.'),
  training_data: z.string().max(4096, 'At most 4,096 characters.'),
});
type Values = z.infer<typeof schema>;

/** What is said about a version may change; the version itself never does. */
export function DescribeVersion({ adapter, version }: { adapter: AdapterRef; version: AdapterVersionDetails }) {
  const queries = useQueryClient();
  const form = useForm<Values>({
    resolver: zodResolver(schema),
    defaultValues: { note: version.note, tags: version.tags.join(', '), training_data: version.training_data },
  });
  const save = useMutation({
    mutationFn: ({ note, tags, training_data }: Values) =>
      send('PATCH', adapterPath(adapter, `/versions/${version.version}`), {
        note,
        tags: words(tags),
        training_data,
      }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['adapters'] });
      toast('What is said about it is saved.');
    },
  });
  const errors = form.formState.errors;
  return (
    <section className="card" aria-labelledby="describe">
      <header>
        <h2 id="describe">Note and tags</h2>
      </header>
      <form className="body stack" onSubmit={form.handleSubmit((values) => save.mutate(values))} noValidate>
        <Field label="Note" error={errors.note?.message}>
          {(input) => <textarea {...input} className="input" rows={2} {...form.register('note')} />}
        </Field>
        <div className="form-grid">
          <Field label="Tags" hint="Commas between them." error={errors.tags?.message}>
            {(input) => <input {...input} className="input" placeholder="nightly, german" {...form.register('tags')} />}
          </Field>
          <Field label="Training data" hint="Where it can be found." error={errors.training_data?.message}>
            {(input) => <input {...input} className="input" {...form.register('training_data')} />}
          </Field>
        </div>
        {save.isError ? <ErrorNote error={save.error} /> : null}
        <div>
          <Button type="submit" disabled={save.isPending || !form.formState.isDirty}>
            {save.isPending ? 'Saving…' : 'Save'}
          </Button>
        </div>
      </form>
    </section>
  );
}
