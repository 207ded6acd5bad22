import { zodResolver } from '@hookform/resolvers/zod';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useFieldArray, useForm } from 'react-hook-form';
import { send } from '../../api/client';
import type { CostBook } from '../../api/types';
import { toast } from '../../components/Toasts';
import { costBookQuery } from '../usage/money';
import { costBook, costSchema, costValues, resources, type CostValues } from './book';
import { AnyCell, BookCard, BookForm, PriceCell, RemoveCell } from './BookForm';

const names = { device_hour: 'an hour of the device', storage_gib_hour: 'a GiB stored for an hour' };

/** What the installation itself pays: the margin is what was billed, less this. */
export function CostBookCard() {
  const book = useQuery(costBookQuery);
  return (
    <BookCard anchor="cost-book" title="Cost book" about="what you pay" book={book}>
      {(costs) => <CostForm key={costs.revision} book={costs} />}
    </BookCard>
  );
}

function CostForm({ book }: { book: CostBook }) {
  const queries = useQueryClient();
  const form = useForm<CostValues>({ resolver: zodResolver(costSchema), defaultValues: costValues(book) });
  const rows = useFieldArray({ control: form.control, name: 'rows' });
  const put = async (values: CostValues) => {
    const saved = await send<CostBook>('PUT', '/admin/v1/costs/book', costBook(values));
    queries.setQueryData(costBookQuery.queryKey, saved);
    await queries.invalidateQueries({ queryKey: ['margin'] });
    return saved;
  };
  const save = useMutation({
    mutationFn: put,
    onSuccess: ({ revision }) =>
      toast(`Revision ${revision} of the cost book is in force.`, () => put(costValues(book))),
  });
  const errors = form.formState.errors;
  return (
    <BookForm
      heads={['Of', 'Device', 'Cost']}
      rows={rows.fields.map((row, at) => (
        <tr key={row.id}>
          <td>
            <select
              className="input"
              aria-label={`What line ${at + 1} is of`}
              {...form.register(`rows.${at}.resource`)}
            >
              {resources.map((one) => (
                <option key={one} value={one}>
                  {names[one]}
                </option>
              ))}
            </select>
          </td>
          <AnyCell label={`Device of line ${at + 1}`} field={form.register(`rows.${at}.device`)} />
          <PriceCell
            label={`Cost of line ${at + 1}`}
            field={form.register(`rows.${at}.price`, { valueAsNumber: true })}
            problem={errors.rows?.[at]?.price}
          />
          <RemoveCell label={`Remove cost line ${at + 1}`} remove={() => rows.remove(at)} />
        </tr>
      ))}
      currency={{ field: form.register('currency'), problem: errors.currency }}
      add={() => rows.append({ resource: 'device_hour', device: '', price: 0 })}
      save={() => void form.handleSubmit((values) => save.mutate(values))()}
      saving={save.isPending}
      changed={form.formState.isDirty}
      error={save.error}
    />
  );
}
