import { zodResolver } from '@hookform/resolvers/zod';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useForm } from 'react-hook-form';
import { send } from '../../api/client';
import type { ApiKeyWithSecret } from '../../api/types';
import { z } from '../../app/validation';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { ErrorNote } from '../../components/Feedback';
import { Field } from '../../components/Field';
import { Secret } from './Secret';

const scopes = ['inference', 'knowledge', 'adapters', 'admin', 'read-only'] as const;
const says = {
  inference: 'call models and see its own usage',
  knowledge: 'files and knowledge stores',
  adapters: 'upload and promote adapters',
  admin: 'everything, for every tenant',
  'read-only': 'narrows the key to requests that change nothing',
};

const schema = z.object({
  name: z.string().trim().min(1, 'Say who or what will use it.').max(200),
  scopes: z.array(z.enum(scopes)).min(1, 'Choose at least one.'),
  models: z.string().max(4000),
  stores: z.string().max(4000),
  days: z.enum(['never', '30', '90', '365']),
});
type Values = z.infer<typeof schema>;

/** Null narrows nothing. */
function listed(text: string): string[] | null {
  const words = text
    .split(/[\s,]+/)
    .map((word) => word.trim())
    .filter(Boolean);
  return words.length === 0 ? null : words;
}

/** Makes a key and shows its secret, this once. */
export function NewKey({ tenant, close }: { tenant: string; close: () => void }) {
  const queries = useQueryClient();
  const form = useForm<Values>({
    resolver: zodResolver(schema),
    defaultValues: { name: '', scopes: ['inference'], models: '', stores: '', days: 'never' },
  });
  const create = useMutation({
    mutationFn: ({ name, scopes, models, stores, days }: Values) =>
      send<ApiKeyWithSecret>('POST', `/admin/v1/tenants/${encodeURIComponent(tenant)}/keys`, {
        name,
        scopes,
        models: listed(models),
        stores: listed(stores),
        expires_at: days === 'never' ? null : Math.floor(Date.now() / 1000) + Number(days) * 86_400,
      }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['tenants', tenant, 'keys'] }),
  });
  const errors = form.formState.errors;
  return (
    <Dialog
      open
      onOpenChange={close}
      title="New API key"
      description="Its secret is shown once and kept only as a hash."
    >
      {create.data ? (
        <Secret secret={create.data.secret} close={close} />
      ) : (
        <form onSubmit={form.handleSubmit((values) => create.mutate(values))} noValidate>
          <div className="body">
            <div className="field">
              <label htmlFor="key-name">Name</label>
              <input
                id="key-name"
                className="input"
                placeholder="ticket bot"
                aria-invalid={!!errors.name}
                {...form.register('name')}
              />
              {errors.name ? (
                <span className="error" role="alert">
                  {errors.name.message}
                </span>
              ) : null}
            </div>
            <fieldset className="field" style={{ border: 0, padding: 0, margin: 0 }}>
              <legend className="label" style={{ fontWeight: 550, marginBottom: 4 }}>
                May
              </legend>
              {scopes.map((scope) => (
                <label key={scope} className="row" style={{ fontWeight: 400 }}>
                  <input type="checkbox" value={scope} {...form.register('scopes')} />
                  <span>{scope}</span>
                  <span className="muted small">{says[scope]}</span>
                </label>
              ))}
              {errors.scopes ? (
                <span className="error" role="alert">
                  {errors.scopes.message}
                </span>
              ) : null}
            </fieldset>
            <Field label="Models (optional)" hint="Only these, commas between them; empty for all its tenant may use.">
              {(input) => (
                <input
                  {...input}
                  className="input mono"
                  placeholder="triage, house-voice@2"
                  {...form.register('models')}
                />
              )}
            </Field>
            <Field label="Knowledge stores (optional)" hint="Only these, by id; empty for all.">
              {(input) => <input {...input} className="input mono" placeholder="vs_…" {...form.register('stores')} />}
            </Field>
            <div className="field">
              <label htmlFor="key-days">Expires</label>
              <select id="key-days" className="input" {...form.register('days')}>
                <option value="never">never</option>
                <option value="30">in 30 days</option>
                <option value="90">in 90 days</option>
                <option value="365">in a year</option>
              </select>
            </div>
            {create.isError ? <ErrorNote error={create.error} /> : null}
          </div>
          <footer>
            <Button onClick={close}>Cancel</Button>
            <Button type="submit" look="primary" disabled={create.isPending}>
              {create.isPending ? 'Making…' : 'Make key'}
            </Button>
          </footer>
        </form>
      )}
    </Dialog>
  );
}
