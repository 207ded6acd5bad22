import { zodResolver } from '@hookform/resolvers/zod';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Plus, X } from 'lucide-react';
import { useFieldArray, useForm, useWatch, type UseFormReturn } from 'react-hook-form';
import type { Adapter, AdapterAlias } from '../../api/types';
import { Button, IconButton } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { ErrorNote, Note } from '../../components/Feedback';
import { Field } from '../../components/Field';
import { toast } from '../../components/Toasts';
import { aliasWords, moveAlias, moveBack, newestFirst } from './adapters';
import {
  aliasSchema,
  aliasValues,
  moveOf,
  share,
  splitProblem,
  weightSum,
  whatHappens,
  type AliasValues,
} from './aliasForm';

interface Props {
  adapter: Adapter;
  /** Undefined for a new one. */
  alias: AdapterAlias | undefined;
  close: () => void;
}

/** Points an alias at one version or several by weight, with a shadow beside it; says what that does before it does. */
export function AliasEditor({ adapter, alias, close }: Props) {
  const queries = useQueryClient();
  const refresh = () =>
    Promise.all([
      queries.invalidateQueries({ queryKey: ['adapters'] }),
      queries.invalidateQueries({ queryKey: ['models'] }),
    ]);
  const versions = newestFirst(adapter.versions).map((one) => one.version);
  const form = useForm<AliasValues>({
    resolver: zodResolver(aliasSchema),
    defaultValues: aliasValues(alias, versions[0] ?? 1),
    mode: 'onChange',
  });
  const now = useWatch({ control: form.control }) as AliasValues;
  const move = useMutation({
    mutationFn: (values: AliasValues) => moveAlias(adapter, values.alias, moveOf(values)),
    onSuccess: async (moved) => {
      await refresh();
      const undo = alias ? () => moveAlias(adapter, alias.alias, moveBack(alias)).then(refresh) : undefined;
      toast(aliasWords(moved), undo);
      close();
    },
  });
  const errors = form.formState.errors;
  return (
    <Dialog
      open
      onOpenChange={close}
      title={alias ? `Move ${alias.alias}` : 'New alias'}
      description={`${adapter.name}@${now.alias || 'alias'} answers with what stands here, from the next request on.`}
    >
      <form onSubmit={form.handleSubmit((values) => move.mutate(values))} noValidate>
        <div className="body">
          {alias ? null : (
            <Field label="Alias" error={errors.alias?.message}>
              {(input) => (
                <input
                  {...input}
                  className="input mono"
                  placeholder="canary"
                  spellCheck={false}
                  {...form.register('alias')}
                />
              )}
            </Field>
          )}
          <Split form={form} targets={now.targets} versions={versions} />
          <Shadow form={form} shadowed={now.shadowed} versions={versions} />
          <Field label="Reason (optional)" hint="For the audit log.">
            {(input) => <input {...input} className="input" {...form.register('reason')} />}
          </Field>
          <Note tone="look">
            <p data-testid="what-happens">{whatHappens(adapter.name, alias, now).join(' ')}</p>
          </Note>
          {move.isError ? <ErrorNote error={move.error} /> : null}
        </div>
        <footer>
          <Button onClick={close}>Keep it as it is</Button>
          <Button type="submit" look="primary" disabled={move.isPending}>
            {move.isPending ? 'Moving…' : alias ? 'Move alias' : 'Create alias'}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

interface Part {
  form: UseFormReturn<AliasValues>;
  versions: number[];
}

function Split({ form, targets, versions }: Part & { targets: AliasValues['targets'] }) {
  const rows = useFieldArray({ control: form.control, name: 'targets' });
  const sum = weightSum(targets);
  const free = versions.find((version) => !targets.some((one) => one.version === version));
  const problem = splitProblem(targets);
  return (
    <fieldset className="plain stack tight">
      <legend className="label">Versions by weight</legend>
      {rows.fields.map((row, at) => (
        <div key={row.id} className="split-row">
          <select
            className="input"
            aria-label={`Version of part ${at + 1}`}
            {...form.register(`targets.${at}.version`, { valueAsNumber: true })}
          >
            {versions.map((version) => (
              <option key={version} value={version}>
                version {version}
              </option>
            ))}
          </select>
          <input
            className="input num"
            type="number"
            min={0}
            aria-label={`Weight of part ${at + 1}`}
            {...form.register(`targets.${at}.weight`, { valueAsNumber: true })}
          />
          <span className="num muted small">{share(targets[at]?.weight ?? 0, sum)}</span>
          <IconButton
            small
            label={`Remove part ${at + 1}`}
            disabled={rows.fields.length === 1}
            onClick={() => rows.remove(at)}
          >
            <X />
          </IconButton>
        </div>
      ))}
      <div className="spread">
        <Button
          small
          disabled={free === undefined}
          onClick={() => (free === undefined ? undefined : rows.append({ version: free, weight: 5 }))}
        >
          <Plus aria-hidden /> Add a version
        </Button>
        <span className="muted small num">weights sum to {sum}</span>
      </div>
      {problem ? (
        <span className="error" role="alert">
          {problem}
        </span>
      ) : null}
    </fieldset>
  );
}

function Shadow({ form, shadowed, versions }: Part & { shadowed: boolean }) {
  const error = form.formState.errors.shadowPercent?.message;
  return (
    <fieldset className="plain stack tight">
      <legend className="visually-hidden">Shadow</legend>
      <label className="row">
        <input type="checkbox" {...form.register('shadowed')} />
        Let a candidate answer too, to compare
      </label>
      {shadowed ? (
        <div className="form-grid">
          <Field label="Candidate">
            {(input) => (
              <select {...input} className="input" {...form.register('shadowVersion', { valueAsNumber: true })}>
                {versions.map((version) => (
                  <option key={version} value={version}>
                    version {version}
                  </option>
                ))}
              </select>
            )}
          </Field>
          <Field label="Share of requests, %" error={error}>
            {(input) => (
              <input
                {...input}
                className="input num"
                type="number"
                step="any"
                {...form.register('shadowPercent', { valueAsNumber: true })}
              />
            )}
          </Field>
        </div>
      ) : null}
    </fieldset>
  );
}
