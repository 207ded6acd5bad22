import { zodResolver } from '@hookform/resolvers/zod';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useFieldArray, useForm } from 'react-hook-form';
import { send } from '../../api/client';
import { pricesQuery } from '../../api/queries';
import type { PriceBook } from '../../api/types';
import { toast } from '../../components/Toasts';
import { components, priceBook, priceSchema, priceValues, type PriceValues } from './book';
import { AnyCell, BookCard, BookForm, PriceCell, RemoveCell } from './BookForm';

/** What tenants are billed for a million of each component. */
export function PriceBookCard() {
  const prices = useQuery(pricesQuery);
  return (
    <BookCard anchor="prices" title="Price book" about="what tenants pay" book={prices}>
      {(book) => <PriceForm key={book.revision} book={book} />}
    </BookCard>
  );
}

function PriceForm({ book }: { book: PriceBook }) {
  const queries = useQueryClient();
  const form = useForm<PriceValues>({ resolver: zodResolver(priceSchema), defaultValues: priceValues(book) });
  const rows = useFieldArray({ control: form.control, name: 'rows' });
  const put = async (values: PriceValues) => {
    const saved = await send<PriceBook>('PUT', '/admin/v1/prices', priceBook(values));
    queries.setQueryData(pricesQuery.queryKey, saved);
    return saved;
  };
  const save = useMutation({
    mutationFn: put,
    onSuccess: ({ revision }) =>
      toast(`Revision ${revision} counts for requests from now on.`, () => put(priceValues(book))),
  });
  const errors = form.formState.errors;
  return (
    <BookForm
      heads={['Component', 'Base', 'Adapter', 'Price of a million']}
      rows={rows.fields.map((row, at) => (
        <tr key={row.id}>
          <td>
            <select
              className="input"
              aria-label={`Component of line ${at + 1}`}
              {...form.register(`rows.${at}.component`)}
            >
              {components.map((one) => (
                <option key={one} value={one}>
                  {one.replaceAll('_', ' ')}
                </option>
              ))}
            </select>
          </td>
          <AnyCell label={`Base of line ${at + 1}`} field={form.register(`rows.${at}.base`)} />
          <AnyCell label={`Adapter of line ${at + 1}`} field={form.register(`rows.${at}.adapter`)} />
          <PriceCell
            label={`Price of ${row.component.replaceAll('_', ' ')}, line ${at + 1}`}
            field={form.register(`rows.${at}.price`, { valueAsNumber: true })}
            problem={errors.rows?.[at]?.price}
          />
          <RemoveCell label={`Remove line ${at + 1}`} remove={() => rows.remove(at)} />
        </tr>
      ))}
      currency={{ field: form.register('currency'), problem: errors.currency }}
      add={() => rows.append({ component: 'decode', base: '', adapter: '', price: 0 })}
      save={() => void form.handleSubmit((values) => save.mutate(values))()}
      saving={save.isPending}
      changed={form.formState.isDirty}
      error={save.error}
    />
  );
}
